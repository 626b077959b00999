{# The facts of the entities that Concord's own models compare, each with the columns of the entity's shape that
   could fill it. #}
{% macro compared_facts() -%}
    {{ return({
        'customer': {
            'first_name': ['first_name'], 'last_name': ['last_name'], 'customer_name': ['record_name'],
            'company_name': ['record_name'], 'email': ['email_as_written'], 'phone': ['phone_as_written'],
            'street': ['street'], 'city': ['city'], 'postal_code': ['postal_code'],
            'country_code': ['country_as_written']
        },
        'product': {'product_name': ['product_name'], 'price': ['price']},
        'order': {
            'customer': ['customer_record_key', 'customer_group_key', 'customer_number'],
            'total_amount': ['total_amount'], 'currency_code': ['currency_code'],
            'order_status': ['source_status']
        }
    }) }}
{%- endmacro %}

{# The custom fields of the systems in use: facts of customers, products and orders that only this business knows. A
   name that Concord's own models compare already is refused, and so is one that a system has twice of an entity. #}
{% macro custom_fields() -%}
    {%- set found = [] -%}
    {%- set seen = [] -%}
    {%- for item in var('custom_fields') if item.entity in compared_facts() -%}
        {%- set where = item.field ~ ' of ' ~ item.system ~ ' ' ~ item.resource -%}
        {%- set names = compared_facts()[item.entity].keys() | list + ['delivery_status'] -%}
        {%- if item.field in names -%}
            {{ exceptions.raise_compiler_error(
                where ~ ' bears the name of a field that is compared already; give it another name'
            ) }}
        {%- endif -%}
        {%- if (item.system, item.entity, item.field) in seen -%}
            {{ exceptions.raise_compiler_error(
                where ~ ' is there twice for one ' ~ item.entity ~ '; give one of the two another name'
            ) }}
        {%- endif -%}
        {%- do seen.append((item.system, item.entity, item.field)) -%}
        {%- do found.append(item) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The facts that are compared, as rows: entity, field and the columns of the shape that could fill it. #}
{% macro list_compared_facts() -%}
    select
        null::text as entity,
        null::text as field,
        null::text[] as columns
    where false
    {%- for entity, facts in compared_facts().items() %}
    {%- for field, columns in facts.items() %}

    union all

    select
        '{{ entity }}',
        '{{ field }}',
        array['{{ columns | join("', '") }}']
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}

{# The custom fields of the systems in use, as rows: system, resource, entity, field, and whether it is written. #}
{% macro list_custom_fields() -%}
    select
        null::text as system,
        null::text as resource,
        null::text as entity,
        null::text as field,
        null::boolean as is_written
    where false
    {%- for item in custom_fields() %}

    union all

    select
        '{{ item.system }}',
        '{{ item.resource }}',
        '{{ item.entity }}',
        '{{ item.field }}',
        {{ item.is_written }}
    {%- endfor %}
{%- endmacro %}

{# The resources of the systems in use that have custom fields. #}
{% macro custom_resources() -%}
    {%- set found = {} -%}
    {%- for item in custom_fields() -%}
        {%- do found.update({item.system ~ '__' ~ item.resource: item}) -%}
    {%- endfor -%}
    {{ return(found.values() | list) }}
{%- endmacro %}

{# The names of the custom fields of an entity. #}
{% macro custom_fields_of(entity) -%}
    {{ return(custom_fields() | selectattr('entity', 'equalto', entity) | map(attribute='field') | unique | list) }}
{%- endmacro %}

{# The text of a custom field's value, by its kind; differences that do not count are taken out. #}
{% macro custom_value(field, kind) -%}
    {%- if kind == 'text' -%}
    nullif(btrim(regexp_replace({{ field }}, '\s+', ' ', 'g')), '')
    {%- elif kind == 'numeric' -%}
    trim_scale({{ field }})::text
    {%- elif kind == 'timestamptz' -%}
    to_char({{ field }} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    {%- else -%}
    {{ field }}::text
    {%- endif -%}
{%- endmacro %}
