{# One row per number of an ERP party without the letter before it. The wholesale
   department's host has this number for the company; no other rule links the two. A
   number that two customers have is left out. #}
{{ config(tags=['marts', 'measure']) }}

with stg_tryton__parties as (

    select
        *,
        {{ without_leading_zeros("substr(party_code, 2)") }} as customer_number
    from {{ ref('stg_tryton__parties') }}
    where not is_deleted and party_code ~ '^[A-Za-z][0-9]+$'

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'tryton'

),

linked as (

    select
        parties.customer_number,
        'party_number' as match_rule,
        min(customers.golden_id) as golden_id
    from stg_tryton__parties as parties
    inner join int_customers__identified as customers
        on parties.party_source_id = customers.record_key
    group by parties.customer_number
    having count(distinct customers.golden_id) = 1

)

select * from linked
