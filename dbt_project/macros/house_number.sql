{# A street without the house number at its end. #}
{% macro street_name(street) -%}
    regexp_replace({{ street }}, '\s+\d+\s?[a-zA-Z]?$', '')
{%- endmacro %}

{# The house number at the end of a street; null where there is none. #}
{% macro house_number(street) -%}
    substring({{ street }} from '\s(\d+\s?[a-zA-Z]?)$')
{%- endmacro %}
