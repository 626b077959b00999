{# The value that a field should have: the correction, or else the value that it has. `stored` is the staging
   model's column with the vendor's own spelling, so that a field without a correction does not change. #}
{% macro corrected(field, stored=none, correction=none) -%}
coalesce(corrections.{{ correction or field }}, stored.{{ stored or 'stored_' ~ field }}) as {{ field }}
{%- endmacro %}
