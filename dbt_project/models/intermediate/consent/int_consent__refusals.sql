{# One row per customer who opted out of marketing in any system that records it. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

stg_klaviyo__profiles as (

    select * from {{ ref('stg_klaviyo__profiles') }}
    where has_opted_out

),

stg_hubspot__contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}
    where has_opted_out

),

opted_out as (

    select
        'hubspot' as system,
        contact_source_id as record_key
    from stg_hubspot__contacts

    union all

    select
        'klaviyo' as system,
        profile_source_id as record_key
    from stg_klaviyo__profiles

),

refusals as (

    select
        customers.golden_id,
        min(customers.system) as golden_system,
        string_agg(distinct customers.system, ', ') as refused_at
    from opted_out
    inner join int_customers__identified as customers
        on
            opted_out.system = customers.system
            and opted_out.record_key = customers.record_key
    group by customers.golden_id

)

select * from refusals
