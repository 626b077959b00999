{{ config(materialized='view') }}

with discrepancies as (

    select * from {{ ref('discrepancies') }}
    where closed_at is null

),

aged as (

    select
        discrepancy_id,
        entity,
        golden_id,
        field,
        system,
        record_key,
        golden_system,
        system_value,
        golden_value,
        cause,
        extract(day from now() - since_at)::integer as age_in_days,
        since_at
    from discrepancies

)

select * from aged
