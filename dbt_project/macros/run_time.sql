{% macro run_time() -%}
    '{{ run_started_at.isoformat() }}'::timestamptz
{%- endmacro %}
