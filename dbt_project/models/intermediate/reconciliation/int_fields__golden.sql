{# One row per golden record and field: the value of the first system in
   field_ownership.csv that has one. None while a system that comes before it is in use
   and was never read: what it says may be the better value. #}
{{ config(tags=['marts', 'measure']) }}

with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}

),

field_ownership as (

    select * from {{ ref('field_ownership') }}

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

    select distinct
        entity,
        field,
        system
    from int_fields__unioned

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
    where
        heard.system is null
        and read_systems.system is null
        and {{ is_in_use('field_ownership.system') }}
    group by field_ownership.entity, field_ownership.field

),

ranked as (

    select
        fields.*,
        field_ownership.ownership_rank,
        row_number() over (
            partition by fields.entity, fields.golden_id, fields.field
            order by field_ownership.ownership_rank, fields.system
        ) as value_rank
    from int_fields__unioned as fields
    inner join field_ownership
        on
            fields.entity = field_ownership.entity
            and fields.field = field_ownership.field
            and fields.system = field_ownership.system
    left join unheard
        on fields.entity = unheard.entity and fields.field = unheard.field
    where
        unheard.first_rank is null
        or field_ownership.ownership_rank < unheard.first_rank

),

golden as (

    select
        entity,
        golden_id,
        field,
        system,
        record_key,
        value,
        comparison,
        case when ownership_rank = 1 then 'owner' else 'next_owner' end as source_rule,
        amount,
        changed_at
    from ranked
    where value_rank = 1

)

select * from golden
