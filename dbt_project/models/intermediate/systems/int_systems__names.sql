{# One row per system in use and name by which a rule may mean it: its own, its
   vendor's, that of a role. The smallest `distance` goes first; `role_rank` is the
   system's place among those that play the role. #}
{{ config(tags=['prepare']) }}

with names (system, name, distance, role_rank) as (

    select
        null::text,
        null::text,
        null::integer,
        null::integer
    where false
    {%- for system in systems_in_use() %}

    union all

    select
        '{{ system.name }}',
        '{{ system.name }}',
        1,
        1
    {%- if system.vendor != system.name %}

    union all

    select
        '{{ system.name }}',
        '{{ system.vendor }}',
        2,
        1
    {%- endif %}
    {%- for role in system.roles %}

    union all

    select
        '{{ system.name }}',
        '{{ role }}',
        3,
        {{ systems_of(role).index(system.name) + 1 }}
    {%- endfor %}
    {%- endfor %}

)

select * from names
