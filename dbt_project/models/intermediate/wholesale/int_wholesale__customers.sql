{# One row per company that the wholesale department's host knows, with its golden
   customer and account. `hold_reason` says why its orders wait. #}
{{ config(tags=['marts', 'measure']) }}

with stg_ibm_i__customers as (

    select * from {{ ref('stg_ibm_i__customers') }}

),

int_wholesale__party_numbers as (

    select * from {{ ref('int_wholesale__party_numbers') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

int_customers__expected as (

    select * from {{ ref('int_customers__expected') }}
    where system = 'salesforce'

),

int_customers__in_review as (

    select * from {{ ref('int_customers__in_review') }}

),

joined as (

    select
        companies.customer_number,
        numbers.golden_id as customer_golden_id,
        case when not accounts.is_incomplete then accounts.record_key end
        as account_source_id,
        case
            when numbers.golden_id is null then 'unknown_customer'
            when int_customers__in_review.golden_id is not null then 'in_review'
            when accounts.is_incomplete then 'quarantined'
            when accounts.record_key is not null then null
            when expected.golden_id is null then 'unknown_customer'
            else expected.hold_reason
        end as hold_reason
    from stg_ibm_i__customers as companies
    left join int_wholesale__party_numbers as numbers
        on companies.customer_number = numbers.customer_number
    left join int_customers__identified as accounts
        on
            numbers.golden_id = accounts.golden_id
            and accounts.system = 'salesforce'
            and accounts.is_primary
    left join int_customers__expected as expected
        on numbers.golden_id = expected.golden_id
    left join int_customers__in_review
        on numbers.golden_id = int_customers__in_review.golden_id

)

select * from joined
