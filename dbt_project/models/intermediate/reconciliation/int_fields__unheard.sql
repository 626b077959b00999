{# One row per entity and field with a system that is in use and was never read,
   with the rank of the first of them in field_ownership.csv. No system behind it
   may decide the field, because the system that was not read may have another
   value. A field that was declared since, and that is not read of all records yet, is
   such a field of its system. #}
{{ config(tags=['marts', 'measure']) }}

with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}

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

unread as (

    select field_ownership.*
    from field_ownership
    left join read_systems on field_ownership.system = read_systems.system
    where read_systems.system is null

),

heard as (

    select
        fields.entity,
        fields.field,
        fields.system
    from int_fields__unioned as fields
    inner join unread
        on
            fields.entity = unread.entity
            and fields.field = unread.field
            and fields.system = unread.system
    group by fields.entity, fields.field, fields.system

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
            and field_ownership.system = heard.system
    left join read_systems on field_ownership.system = read_systems.system
    left join awaited_fields
        on
            field_ownership.system = awaited_fields.system
            and field_ownership.field = awaited_fields.field
    where
        (heard.system is null and read_systems.system is null)
        or awaited_fields.system is not null
    group by field_ownership.entity, field_ownership.field

)

select * from unheard
