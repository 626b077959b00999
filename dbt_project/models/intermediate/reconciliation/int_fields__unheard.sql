{# One row per entity and field with a system that is in use and was never read,
   with the rank of the first of them in field_ownership.csv. No system behind it
   may decide the field, because the system that was not read may have another
   value. A field that was declared since, and that is not read of all records yet, is
   such a field of its system. #}
{{ config(tags=['marts', 'measure']) }}

with int_fields__compared as (

    select * from {{ ref('int_fields__compared') }}

),

field_ownership as (

    select * from {{ ref('int_systems__ownership') }}

),

awaited_fields as (

    select * from {{ ref('stg_concord__unread_fields') }}
    where is_awaited

),

stg_concord__batches as (

    select * from {{ ref('stg_concord__batches') }}

),

read_resources as (

    select
        system,
        resource,
        bool_or(state = 'covered') as is_read
    from stg_concord__batches
    where purpose = 'window'
    group by system, resource

),

read_systems as (

    select system
    from read_resources
    group by system
    having bool_and(is_read)

),

heard as (

    select
        entity,
        field,
        bit_or(filled_by) as filled_by
    from int_fields__compared
    group by entity, field

),

unheard as (

    select
        field_ownership.entity,
        field_ownership.field,
        min(field_ownership.ownership_rank) as first_rank
    from field_ownership
    left join heard
        on
            field_ownership.entity = heard.entity
            and field_ownership.field = heard.field
            and heard.filled_by >> ({{ rank_of('field_ownership.system') }} - 1) & 1 = 1
    left join read_systems on field_ownership.system = read_systems.system
    left join awaited_fields
        on
            field_ownership.system = awaited_fields.system
            and field_ownership.field = awaited_fields.field
    where
        (heard.entity is null and read_systems.system is null)
        or awaited_fields.system is not null
    group by field_ownership.entity, field_ownership.field

)

select * from unheard
