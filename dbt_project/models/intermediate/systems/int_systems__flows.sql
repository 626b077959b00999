{# One row per entity and system in use in which missing records are created: the
   rules want it, and the system can create records of the entity. `has_lines`: it
   takes an order with its lines, `needs_address`: with an address. A rule of a role may
   be for the first system of the role only. #}
{{ config(tags=['prepare']) }}

{{ rules_by_system(
    'flows',
    keys=['entity'],
    kept=['is_creation_wanted', 'is_for_buyers_only'],
    added=['is_for_first_only']
) }},

resources (system, entity, has_lines, needs_address) as (

    select
        null::text,
        null::text,
        null::boolean,
        null::boolean
    where false
    {%- for item in var('resources') if item.creates and item.entity %}

    union all

    select
        '{{ item.system }}',
        '{{ item.entity }}',
        {{ item.has_lines | lower }},
        {{ item.needs_address | lower }}
    {%- endfor %}

),

wanted as (

    select
        rules.entity,
        rules.system,
        bool_and(rules.is_for_buyers_only) as is_for_buyers_only,
        bool_or(resources.has_lines) as has_lines,
        bool_or(resources.needs_address) as needs_address
    from rules
    inner join resources
        on rules.system = resources.system and rules.entity = resources.entity
    where
        rules.preference = 1
        and (
            rules.role_rank = 1
            or not coalesce(rules.is_for_first_only, 'false')::boolean
        )
    group by rules.entity, rules.system
    having bool_and(rules.is_creation_wanted)

)

select * from wanted
