{# One row per customer who opted out of marketing in any system that records it. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

int_consent__consents as (

    select * from {{ ref('int_consent__consents') }}
    where has_opted_out

),

refusals as (

    select
        customers.golden_id,
        min(customers.system) as golden_system,
        string_agg(distinct customers.system, ', ') as refused_at
    from int_consent__consents as consents
    inner join int_customers__identified as customers
        on
            consents.system = customers.system
            and consents.record_key = customers.record_key
    group by customers.golden_id

)

select * from refusals
