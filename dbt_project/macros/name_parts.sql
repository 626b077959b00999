{# The first part of a name that a system keeps in two parts: cut at a space where there is one. #}
{% macro first_name_part(name, longest=40) -%}
    case
        when length({{ name }}) <= {{ longest }} then {{ name }}
        else coalesce(
            substring({{ name }} from '^(.{1,{{ longest }}}) '), left({{ name }}, {{ longest }})
        )
    end
{%- endmacro %}

{# The second part of such a name, empty where the first one holds all of it. #}
{% macro second_name_part(name, first, longest=40) -%}
    left(btrim(substr({{ name }}, length({{ first }}) + 1)), {{ longest }})
{%- endmacro %}
