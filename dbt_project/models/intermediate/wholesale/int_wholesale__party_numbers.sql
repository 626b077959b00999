{# One row per number of an ERP's customer without the letter before it. The wholesale
   department's host has this number for the company; no other rule links the two. A
   number that two customers have is left out. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__unioned as (

    select
        system,
        record_key,
        {{ without_leading_zeros("substr(account_number, 2)") }} as customer_number
    from {{ ref('int_customers__unioned') }}
    where {{ leads('system', 'erp') }} and account_number ~ '^[A-Za-z][0-9]+$'

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

linked as (

    select
        parties.customer_number,
        'party_number' as match_rule,
        min(customers.golden_id) as golden_id
    from int_customers__unioned as parties
    inner join int_customers__identified as customers
        on
            parties.system = customers.system
            and parties.record_key = customers.record_key
    group by parties.customer_number
    having count(distinct customers.golden_id) = 1

)

select * from linked
