{# The consent that should hold is what the customer gave, and never more. #}
with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where {{ plays('system', 'marketing') }}

),

int_consent__consents as (

    select * from {{ ref('int_consent__consents') }}

),

int_consent__refusals as (

    select * from {{ ref('int_consent__refusals') }}

),

summed as (

    select
        customers.golden_id,
        count(*) as profile_quantity,
        bool_or(profiles.has_opted_in) as has_opted_in,
        bool_or(profiles.is_suppressed) as is_suppressed,
        min(profiles.consented_at) filter (where profiles.has_opted_in) as opted_in_at,
        max(profiles.changed_at) as changed_at
    from int_customers__identified as customers
    inner join int_consent__consents as profiles
        on
            customers.system = profiles.system
            and customers.record_key = profiles.record_key
    group by customers.golden_id

),

judged as (

    select
        summed.golden_id as customer_id,
        case
            when refusals.golden_id is not null then 'unsubscribed'
            when summed.has_opted_in then 'subscribed'
            else 'never_asked'
        end as email_consent,
        refusals.refused_at,
        summed.profile_quantity,
        summed.is_suppressed,
        summed.has_opted_in and refusals.golden_id is not null as is_contradicted,
        summed.opted_in_at,
        summed.changed_at
    from summed
    left join int_consent__refusals as refusals on summed.golden_id = refusals.golden_id

)

select * from judged
