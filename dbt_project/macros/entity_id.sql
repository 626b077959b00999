{# Our id of the thing behind a record: that of the golden record for its primary, one of its own
   for the others. #}
{% macro entity_id(golden_id, is_primary, record_key) -%}
    case when {{ is_primary }} then {{ golden_id }} else {{ golden_id }} || ':' || {{ record_key }} end
{%- endmacro %}
