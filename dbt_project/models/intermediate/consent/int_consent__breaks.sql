{# One row per record of the marketing tool that is subscribed although its customer
   opted out in another system or with another record. A customer who opted out in one
   system has opted out in all. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where {{ plays('system', 'marketing') }}

),

int_consent__consents as (

    select * from {{ ref('int_consent__consents') }}
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
    inner join int_consent__consents as consents
        on
            customers.system = consents.system
            and customers.record_key = consents.record_key
    inner join int_consent__refusals as refusals
        on customers.golden_id = refusals.golden_id

)

select * from breaks
