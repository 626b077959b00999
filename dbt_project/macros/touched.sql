{# What of a model a narrow build replaces: the rows of what was touched. A model says in its `meta` which of its
   columns name that: `touched` is a list of ways, each of which finds some of the rows.

   - `{customer: column}`, `{order: column}`: the id of a golden customer, the name of an order
   - `{entity: column, id: column}`: the id of a golden record of the entity
   - `{record: [system, column], of: entity}`: the key of a record that is of the entity
   - `desired`: of a desired model, the record that should change, or what is to be created
   - `all`: a model that a narrow build makes whole as well #}
{% macro touched_rows(touched) -%}
    {%- set ways = [] -%}
    {%- for way in touched -%}
        {%- if way.record is defined -%}
            {%- do ways.append(is_touched_record(way.record, way.of)) -%}
        {%- elif way.entity is defined -%}
            {%- do ways.extend(is_touched_golden(way.entity, way.id)) -%}
        {%- elif way.customer is defined -%}
            {%- do ways.append(way.customer ~ ' in (select golden_id from touched.customers)') -%}
        {%- elif way.order is defined -%}
            {%- do ways.append(way.order ~ ' in (select order_name from touched.orders)') -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(ways) }}
{%- endmacro %}

{% macro is_touched_record(columns, entity) -%}
    {{ return(
        '(' ~ columns | join(', ') ~ ') in (select system, record_key from touched.records where '
        ~ holds(entity) ~ ')'
    ) }}
{%- endmacro %}

{# The columns by which a narrow build finds the rows of a model, as indexes of its table. #}
{% macro touched_indexes(model) -%}
    {%- set touched = config.get('meta', {}).get('touched', 'all') -%}
    {%- set indexes = [] -%}
    {%- if touched == 'desired' -%}
        {%- do indexes.append('_key') -%}
    {%- elif touched != 'all' -%}
        {%- for way in touched -%}
            {%- do indexes.append(way.id or way.customer or way.order or way.record[1]) -%}
            {%- if way.entity is defined and way.entity != 'null' and "'" not in way.entity -%}
                {%- do indexes.append('(' ~ way.id ~ ') where ' ~ is_always_touched(way.entity)) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(indexes) }}
{%- endmacro %}

{# Products and their stock are few, and always worked on together. #}
{% macro is_always_touched(entity) -%}
    {{ return(entity ~ " in ('product', 'inventory_level')") }}
{%- endmacro %}

{# An order of the wholesale department may be called as one of a shop, and a payout as either. #}
{% macro is_touched_golden(entity, id) -%}
    {%- set is_other = "coalesce(" ~ entity ~ ", '') not in ('wholesale_order', 'payout')" -%}
    {%- set ways = [
        is_always_touched(entity),
        is_other ~ ' and ' ~ id ~ ' in (select golden_id from touched.customers)',
        is_other ~ ' and ' ~ id ~ ' in (select order_name from touched.orders)'
    ] -%}
    {%- if systems_of('wholesale_host') -%}
        {%- do ways.append(entity ~ " = 'wholesale_order' and " ~ is_touched_wholesale(id)) -%}
    {%- endif -%}
    {{ return(ways) }}
{%- endmacro %}

{% macro is_touched_wholesale(number) -%}
    {{ return(
        "ops.link_text('wholesale order', " ~ number
        ~ ") in (select value from touched.texts where kind = 'wholesale order')"
    ) }}
{%- endmacro %}

{# Whether an order of the wholesale department that is known by a dead letter is worked on: models see all dead
   letters. #}
{% macro is_wholesale_worked_on(number) -%}
    (not (select is_narrow from ops.scope) or {{ is_touched_wholesale(number) }})
{%- endmacro %}

{# The rows of a desired model: those of touched records, and those of records that were to be created. #}
{% macro touched_wishes(system, resource, entity) -%}
    {{ return([
        "_key in (select record_key from touched.records where system = '" ~ system
        ~ "' and resource = '" ~ resource ~ "')",
        "_key is null and (" ~ (is_touched_wholesale('_entity_id') if entity.startswith('wholesale_order') else
        "split_part(_entity_id, ':', 1) in (select golden_id from touched.customers)"
        ~ " or _entity_id in (select order_name from touched.orders)") ~ ")"
    ]) }}
{%- endmacro %}

{# The ways in which a narrow build finds the rows of a model; none where it makes the model whole. #}
{% macro touched_ways(model) -%}
    {%- set touched = config.get('meta', {}).get('touched', 'all') -%}
    {%- if touched == 'desired' -%}
        {%- set system, resource = model.name.removeprefix('desired_').split('__', 1) -%}
        {%- set entities = var('resources') | selectattr('system', 'equalto', system)
            | selectattr('resource', 'equalto', resource) | map(attribute='entity') | list -%}
        {%- set entity = entities | first | default('', true) -%}
        {%- if entity in ('product', 'inventory_level') -%}
            {{ return([]) }}
        {%- endif -%}
        {{ return(touched_wishes(system, resource, entity)) }}
    {%- endif -%}
    {{ return([] if touched == 'all' else touched_rows(touched)) }}
{%- endmacro %}

{# Whether the build under way works on what was touched only. #}
{% macro is_narrow() -%}
    {{ return(
        execute
        and adapter.execute('select is_narrow from ops.scope', fetch=True)[1].columns[0].values()[0]
    ) }}
{%- endmacro %}

{# Whether a discrepancy's golden record is worked on: in a build of everything each of them is. #}
{% macro is_worked_on(entity, id) -%}
    (
        not (select is_narrow from ops.scope)
        or {{ is_touched_golden(entity, id) | join(' or ') }}
        or {{ entity }} = 'payout' and {{ is_touched_record(['system', 'record_key'], 'payout') }}
    )
{%- endmacro %}
