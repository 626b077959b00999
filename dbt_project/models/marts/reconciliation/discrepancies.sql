{# A discrepancy that disappears is closed and kept. One that stays keeps the time at
   which it was first seen. One that comes back is a new one. #}
{{
    config(
        materialized='incremental',
        unique_key='discrepancy_id',
        incremental_strategy='merge',
        on_schema_change='append_new_columns',
    )
}}

with int_discrepancies__current as (

    select * from {{ ref('int_discrepancies__current') }}

),

remembered as (

    {% if is_incremental() %}
        select * from {{ this }}
        where closed_at is null and {{ is_worked_on('entity', 'golden_id') }}
    {% else %}
        select
            *,
            null::timestamptz as since_at,
            null::timestamptz as closed_at
        from int_discrepancies__current
        where false
    {% endif %}

),

still_open as (

    select
        discrepancies.discrepancy_id,
        discrepancies.entity,
        discrepancies.golden_id,
        discrepancies.field,
        discrepancies.system,
        discrepancies.record_key,
        discrepancies.golden_system,
        discrepancies.system_value,
        discrepancies.golden_value,
        discrepancies.cause,
        coalesce(remembered.since_at, {{ run_time() }}) as since_at,
        null::timestamptz as closed_at
    from int_discrepancies__current as discrepancies
    left join remembered
        on discrepancies.discrepancy_id = remembered.discrepancy_id

),

gone as (

    select
        remembered.discrepancy_id,
        remembered.entity,
        remembered.golden_id,
        remembered.field,
        remembered.system,
        remembered.record_key,
        remembered.golden_system,
        remembered.system_value,
        remembered.golden_value,
        remembered.cause,
        remembered.since_at,
        {{ run_time() }} as closed_at
    from remembered
    left join int_discrepancies__current as discrepancies
        on remembered.discrepancy_id = discrepancies.discrepancy_id
    where discrepancies.discrepancy_id is null

),

unioned as (

    select * from still_open

    union all

    select * from gone

)

select * from unioned
