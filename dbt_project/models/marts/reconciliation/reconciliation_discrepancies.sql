{{ config(materialized='view') }}

with discrepancies as (

    select * from {{ ref('discrepancies') }}
    where closed_at is null

),

discrepancy_owners as (

    select * from {{ ref('discrepancy_owners') }}

),

aged as (

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
        coalesce(discrepancy_owners.owner, 'nobody') as owner,
        extract(day from now() - discrepancies.since_at)::integer as age_in_days,
        discrepancies.since_at
    from discrepancies
    left join discrepancy_owners on discrepancies.entity = discrepancy_owners.entity

)

select * from aged
