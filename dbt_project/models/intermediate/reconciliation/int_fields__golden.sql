{# One row per golden record and field: the value of the first system in
   field_ownership.csv that has one. #}
{{ config(tags=['marts', 'measure']) }}

with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}

),

field_ownership as (

    select * from {{ ref('field_ownership') }}

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
