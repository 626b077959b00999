{# One row per number of an ERP's customer without the letter before it. The wholesale
   department's host has this number for the company; no other rule links the two. Where
   the ERP does not tell a number, the CRM may quote it. A number that two customers have
   is left out. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__unioned as (

    select
        system,
        record_key,
        {{ without_leading_zeros("substr(account_number, 2)") }} as customer_number
    from {{ ref('int_customers__unioned') }}
    where
        ({{ leads('system', 'erp') }} or {{ plays('system', 'crm') }})
        and account_number ~ '^[A-Za-z][0-9]+$'

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

told as (

    select
        numbers.customer_number,
        customers.golden_id,
        {{ leads('numbers.system', 'erp') }} as is_told_by_erp,
        bool_or({{ leads('numbers.system', 'erp') }})
            over (partition by numbers.customer_number)
        as is_known_to_erp
    from int_customers__unioned as numbers
    inner join int_customers__identified as customers
        on
            numbers.system = customers.system
            and numbers.record_key = customers.record_key

),

linked as (

    select
        customer_number,
        'party_number' as match_rule,
        min(golden_id) as golden_id
    from told
    where is_told_by_erp or not is_known_to_erp
    group by customer_number
    having count(distinct golden_id) = 1

)

select * from linked
