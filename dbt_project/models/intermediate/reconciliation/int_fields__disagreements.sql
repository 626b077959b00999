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

records as (

    select
        entity,
        golden_id,
        system,
        min(record_key) as record_key
    from int_fields__unioned
    group by entity, golden_id, system

),

compared as (

    select
        golden.entity,
        golden.golden_id,
        golden.field,
        records.system,
        records.record_key,
        golden.system as golden_system,
        held.value as system_value,
        held.value is not null and held.comparison is null as is_unreadable,
        golden.value as golden_value,
        held.comparison = golden.comparison
        or abs(held.amount - golden.amount) <= tolerances.tolerated_amount
        as is_agreed,
        golden.amount is not null as is_amount,
        golden.changed_at
    from int_fields__golden as golden
    inner join records
        on golden.entity = records.entity and golden.golden_id = records.golden_id
    inner join field_ownership
        on
            golden.entity = field_ownership.entity
            and golden.field = field_ownership.field
            and records.system = field_ownership.system
    left join int_fields__unioned as held
        on
            golden.entity = held.entity
            and golden.golden_id = held.golden_id
            and golden.field = held.field
            and records.system = held.system
    left join tolerances
        on golden.entity = tolerances.entity and golden.field = tolerances.field
    left join optional_fields
        on
            golden.entity = optional_fields.entity
            and golden.field = optional_fields.field
            and records.system = optional_fields.system
    left join {{ ref('stg_concord__unread_fields') }} as unread_fields
        on golden.field = unread_fields.field and records.system = unread_fields.system
    left join {{ ref('int_systems__unheld_fields') }} as unheld_fields
        on
            golden.entity = unheld_fields.entity
            and golden.field = unheld_fields.field
            and records.system = unheld_fields.system
    where
        unread_fields.system is null
        and unheld_fields.system is null
        and (held.comparison is not null or optional_fields.system is null)

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
    where system <> golden_system and is_agreed is not true

)

select * from judged
