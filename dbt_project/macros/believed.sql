{# When a record changed: the vendor's stamp. One that lies in the future, or is missing,
   says nothing; then it is when the record was read. Validation keeps that time in
   `_modified_at`. #}
{% macro believed(stamp) -%}
    {%- set table = stamp.rpartition('.')[0] -%}
    least({{ stamp }}, {{ table ~ '.' if table }}_modified_at)
{%- endmacro %}

{# Whether something happened less than a while before the run, as in '1 day'. A time
   that lies in the future is not believed, so that what it stamps is not young for ever. #}
{% macro is_younger_than(stamp, span) -%}
    coalesce(
        {{ stamp }} > {{ run_time() }} - interval '{{ span }}'
        and {{ stamp }} <= {{ run_time() }} + interval '1 hour',
        false
    )
{%- endmacro %}
