{# What a record should say in a field: the correction, or what it says already. `stored` is the staging
   model's column with the vendor's own spelling, so that a field without a correction plans nothing. #}
{% macro corrected(field, stored=none, correction=none) -%}
coalesce(corrections.{{ correction or field }}, stored.{{ stored or 'stored_' ~ field }}) as {{ field }}
{%- endmacro %}
