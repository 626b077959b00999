{# A number without its leading zeros. A value with other characters than digits keeps
   them. #}
{% macro without_leading_zeros(value) -%}
    nullif(regexp_replace(btrim({{ value }}), '^0+(?=[0-9]+$)', ''), '')
{%- endmacro %}
