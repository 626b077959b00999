{# A number as people write it: zeros in front go where all of it is digits. #}
{% macro without_leading_zeros(value) -%}
    nullif(regexp_replace(btrim({{ value }}), '^0+(?=[0-9]+$)', ''), '')
{%- endmacro %}
