{# One row per profile that is subscribed though its customer opted out: in HubSpot, or
   with another profile. Opted out anywhere is opted out everywhere. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

stg_klaviyo__profiles as (

    select * from {{ ref('stg_klaviyo__profiles') }}

),

stg_hubspot__contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}
    where has_opted_out

),

opted_out as (

    select
        customers.golden_id,
        customers.system
    from int_customers__identified as customers
    inner join stg_hubspot__contacts as contacts
        on customers.record_key = contacts.contact_source_id
    where customers.system = 'hubspot'

    union all

    select
        customers.golden_id,
        customers.system
    from int_customers__identified as customers
    inner join stg_klaviyo__profiles as profiles
        on customers.record_key = profiles.profile_source_id
    where customers.system = 'klaviyo' and profiles.has_opted_out

),

refusals as (

    select
        golden_id,
        min(system) as golden_system
    from opted_out
    group by golden_id

),

breaks as (

    select
        'consent' as entity,
        customers.golden_id,
        'email_consent' as field,
        'klaviyo' as system,
        customers.record_key,
        refusals.golden_system,
        'subscribed' as system_value,
        'unsubscribed' as golden_value,
        'stale' as cause
    from int_customers__identified as customers
    inner join stg_klaviyo__profiles as profiles
        on customers.record_key = profiles.profile_source_id
    inner join refusals on customers.golden_id = refusals.golden_id
    where customers.system = 'klaviyo' and profiles.has_opted_in

)

select * from breaks
