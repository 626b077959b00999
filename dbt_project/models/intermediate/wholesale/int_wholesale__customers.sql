{# One row per company that the wholesale department's host knows, with its golden
   customer and its record in the CRM. `hold_reason` says why its orders wait. #}
{{ config(tags=['marts', 'measure']) }}

with int_wholesale__systems as (

    select * from {{ ref('int_wholesale__systems') }}

),

int_wholesale__host_customers as (

    select * from {{ ref('int_wholesale__host_customers') }}

),

int_wholesale__party_numbers as (

    select * from {{ ref('int_wholesale__party_numbers') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where is_primary

),

int_customers__expected as (

    select * from {{ ref('int_customers__expected') }}

),

int_customers__in_review as (

    select * from {{ ref('int_customers__in_review') }}

),

joined as (

    select
        companies.customer_number,
        numbers.golden_id as customer_golden_id,
        case when not in_crm.is_incomplete then in_crm.record_key end
        as customer_record_key,
        case
            when numbers.golden_id is null then 'unknown_customer'
            when int_customers__in_review.golden_id is not null then 'in_review'
            when in_crm.is_incomplete then 'quarantined'
            when in_crm.record_key is not null then null
            when expected.golden_id is null then 'unknown_customer'
            else expected.hold_reason
        end as hold_reason
    from int_wholesale__host_customers as companies
    cross join int_wholesale__systems as systems
    left join int_wholesale__party_numbers as numbers
        on companies.customer_number = numbers.customer_number
    left join int_customers__identified as in_crm
        on numbers.golden_id = in_crm.golden_id and systems.crm = in_crm.system
    left join int_customers__expected as expected
        on numbers.golden_id = expected.golden_id and systems.crm = expected.system
    left join int_customers__in_review
        on numbers.golden_id = int_customers__in_review.golden_id

)

select * from joined
