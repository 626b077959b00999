{# One row per entity, field and system in use that holds the field. The system with
   the lowest rank that has a value decides; systems of one role follow each other
   in their order. #}
{{ config(tags=['prepare']) }}

{{ rules_by_system(
    'field_ownership', keys=['entity', 'field'], kept=['ownership_rank']
) }},

chosen as (

    select
        entity,
        field,
        system,
        min(ownership_rank) as rule_rank,
        min(role_rank) as role_rank
    from rules
    where preference = 1
    group by entity, field, system

),

ranked as (

    select
        entity,
        field,
        system,
        row_number() over (
            partition by entity, field
            order by rule_rank, role_rank, system
        ) as ownership_rank
    from chosen

)

select * from ranked
