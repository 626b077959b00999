{# One row per golden record, field and system whose primary record has another
   value than the golden record, or none where it should have one. A golden value is
   never compared with the record that it came from, nor with a field that is not
   read, or that the system has not. #}
{{ config(tags=['marts', 'measure']) }}

with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}

),

int_fields__golden as (

    select * from {{ ref('int_fields__golden') }}

),

field_ownership as (

    select * from {{ ref('int_systems__ownership') }}

),

tolerances as (

    select * from {{ ref('tolerances') }}

),

optional_fields as (

    select * from {{ ref('int_systems__optional_fields') }}

),

{{ compared_fields() }},

differing as (

    select
        golden.entity,
        golden.golden_id,
        golden.field,
        held.system,
        held.record_key,
        golden.system as golden_system,
        held.value as system_value,
        held.comparison is null as is_unreadable,
        golden.value as golden_value,
        golden.amount is not null as is_amount,
        golden.changed_at
    from int_fields__unioned as held
    inner join int_fields__golden as golden
        on
            held.entity = golden.entity
            and held.golden_id = golden.golden_id
            and held.field = golden.field
            and held.system <> golden.system
            and coalesce(held.comparison <> golden.comparison, true)
    inner join compared_fields
        on
            held.entity = compared_fields.entity
            and held.field = compared_fields.field
            and held.system = compared_fields.system
    where
        not golden.is_agreed
        and (held.comparison is not null or compared_fields.is_required)
        and coalesce(
            abs(held.amount - golden.amount) > compared_fields.tolerated_amount, true
        )

),

{{ lacking_fields() }},

compared as (

    select * from differing

    union all

    select
        lacked.entity,
        lacked.golden_id,
        lacked.field,
        records.system,
        records.record_key,
        lacked.system as golden_system,
        null as system_value,
        false as is_unreadable,
        lacked.value as golden_value,
        lacked.amount is not null as is_amount,
        lacked.changed_at
    from lacked
    inner join records
        on
            lacked.entity = records.entity
            and lacked.golden_id = records.golden_id
            and lacked.lacking_system = records.system

),

judged as (

    select
        entity,
        golden_id,
        field,
        system,
        record_key,
        golden_system,
        system_value,
        golden_value,
        case
            when system_value is null then 'missing_value'
            when is_unreadable then 'unreadable'
            when is_amount then 'amount'
            when field = 'order_status' then 'state'
            when field = 'currency_code' then 'currency'
            else 'stale'
        end as cause,
        changed_at
    from compared

)

select * from judged
