{# Whether a system is in use. An empty `systems_in_use` means that all systems are. #}
{% macro is_in_use(system) -%}
    (
        '{{ var("systems_in_use") }}' = ''
        or {{ system }} = any(string_to_array('{{ var("systems_in_use") }}', ','))
    )
{%- endmacro %}
