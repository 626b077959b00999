{# The systems in use, in the order of their rank: for each its name, its vendor's name and its roles. Concord hands
   them over; dbt alone knows of none. #}
{% macro systems_in_use() -%}
    {{ return(var('systems')) }}
{%- endmacro %}

{# The names of the systems that play a role, the first one first: by their place in the role where it is given, else
   by that of the system. #}
{% macro systems_of(role) -%}
    {%- set found = [] -%}
    {%- for system in systems_in_use() if role in system.roles -%}
        {%- do found.append({
            'name': system.name,
            'place': system.roles[role] if system.roles is mapping else loop.index
        }) -%}
    {%- endfor -%}
    {{ return(found | sort(attribute='place') | map(attribute='name') | list) }}
{%- endmacro %}

{# Whether a system plays a role. #}
{% macro plays(column, role) -%}
    {{ is_one_of(column, systems_of(role)) }}
{%- endmacro %}

{# Whether a record, by its system and resource, is one of an entity, such as `customer`. #}
{% macro holds(entity, table=none) -%}
    {%- set at = table ~ '.' if table else '' -%}
    (
        {%- for item in var('resources') if item.entity == entity %}
        ({{ at }}system = '{{ item.system }}' and {{ at }}resource = '{{ item.resource }}') or
        {%- endfor %}
        false
    )
{%- endmacro %}

{# Whether a text is one of a list, which may be empty. #}
{% macro is_one_of(column, values) -%}
    {%- if values -%}
    {{ column }} in ('{{ values | join("', '") }}')
    {%- else -%}
    false
    {%- endif -%}
{%- endmacro %}

{# The system of a model of an entity: the part of its name behind `__`. #}
{% macro own_system() -%}
    {{ return(this.identifier.split('__')[1]) }}
{%- endmacro %}
