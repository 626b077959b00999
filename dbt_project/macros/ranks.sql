{# The place of a system among those in use, of which the first one has 1. #}
{% macro rank_of(column) -%}
    {%- set names = systems_in_use() | map(attribute='name') | list -%}
    array_position(array['{{ names | join("', '") }}'], {{ column }})
{%- endmacro %}

{# Whether a system is the first of those that play a role. #}
{% macro leads(column, role) -%}
    {{ is_one_of(column, systems_of(role)[:1]) }}
{%- endmacro %}

{# The name of the first system that plays a role and has a model of an entity; null if there is none. #}
{% macro first_with(role, entity) -%}
    {%- set names = systems_of(role) | select('in', var('entities').get(entity, [])) | list -%}
    {{ "'" ~ names[0] ~ "'" if names else 'null' }}::text
{%- endmacro %}

{# The value of a group's first row in an order. `where` leaves out the other rows. #}
{% macro first_by(value, order, where=none) -%}
    (array_agg({{ value }} order by {{ order }}){{ ' filter (where ' ~ where ~ ')' if where }})[1]
{%- endmacro %}

{# The names of the systems whose places are set in a number's bits, in their alphabetical order. #}
{% macro listed_systems(bits) -%}
    {%- set names = systems_in_use() | map(attribute='name') | list -%}
    concat_ws(','
    {%- for name in names | sort -%}
    , case when {{ bits }} >> {{ names.index(name) }} & 1 = 1 then '{{ name }}' end
    {%- endfor -%}
    )
{%- endmacro %}
