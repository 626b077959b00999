{# One row per profile that is subscribed although its customer opted out in HubSpot or
   with another profile. A customer who opted out in one system has opted out in all. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'klaviyo'

),

stg_klaviyo__profiles as (

    select * from {{ ref('stg_klaviyo__profiles') }}
    where has_opted_in

),

int_consent__refusals as (

    select * from {{ ref('int_consent__refusals') }}

),

breaks as (

    select
        'consent' as entity,
        customers.golden_id,
        'email_consent' as field,
        customers.system,
        customers.record_key,
        refusals.golden_system,
        'subscribed' as system_value,
        'unsubscribed' as golden_value,
        'stale' as cause
    from int_customers__identified as customers
    inner join stg_klaviyo__profiles as profiles
        on customers.record_key = profiles.profile_source_id
    inner join int_consent__refusals as refusals
        on customers.golden_id = refusals.golden_id

)

select * from breaks
