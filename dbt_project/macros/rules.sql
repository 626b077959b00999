{# The rules of a seed for each system in use. A row may name a system, a vendor or a role; of rows about the same
   `keys` those that name the system go before those that name its vendor, and these before those that name a role
   of it. `kept` are the seed's other columns, `added` those that a file written for an older Concord lacks, as text. #}
{% macro rules_by_system(seed, keys, kept=[], added=[]) -%}
    with rules as (

        select
            names.system,
            {%- for column in keys + kept %}
            rules.{{ column }},
            {%- endfor %}
            {%- for column in added %}
            to_jsonb(rules) ->> '{{ column }}' as {{ column }},
            {%- endfor %}
            names.role_rank,
            rank() over (
                partition by names.system{% for key in keys %}, rules.{{ key }}{% endfor %}
                order by names.distance
            ) as preference
        from {{ ref(seed) }} as rules
        inner join {{ ref('int_systems__names') }} as names on rules.system = names.name

    )
{%- endmacro %}
