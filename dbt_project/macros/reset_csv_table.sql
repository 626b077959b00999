{# A rules file is loaded into the table that it had. Where a newer Concord, or the business, gave it other columns, the
   table is made anew. #}
{% macro postgres__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {%- set held = adapter.get_columns_in_relation(old_relation) | map(attribute='name') | list -%}
    {%- set is_other = held != (agate_table.column_names | list) -%}
    {{ return(default__reset_csv_table(model, full_refresh or is_other, old_relation, agate_table)) }}
{%- endmacro %}
