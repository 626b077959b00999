{# Whether a system is in use here; nobody waits for one that is not. #}
{% macro is_in_use(system) -%}
    (
        '{{ var("systems_in_use") }}' = ''
        or {{ system }} = any(string_to_array('{{ var("systems_in_use") }}', ','))
    )
{%- endmacro %}
