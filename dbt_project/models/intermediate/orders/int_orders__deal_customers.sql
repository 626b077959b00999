{# One row per deal of which the customer is known: by its company if all contacts of
   the company are one customer, otherwise by the ERP's number of the customer. #}
{{ config(tags=['marts', 'measure']) }}

with stg_hubspot__deals as (

    select * from {{ ref('stg_hubspot__deals') }}

),

stg_hubspot__company_merges as (

    select * from {{ ref('stg_hubspot__company_merges') }}

),

stg_hubspot__contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

companies as (

    select
        contacts.company_source_id,
        min(customers.golden_id) as golden_id
    from stg_hubspot__contacts as contacts
    inner join int_customers__identified as customers
        on contacts.contact_source_id = customers.record_key
    where customers.system = 'hubspot' and contacts.company_source_id is not null
    group by contacts.company_source_id
    having count(distinct customers.golden_id) = 1

),

parties as (

    select
        account_number,
        min(golden_id) as golden_id
    from int_customers__identified
    where system = 'tryton' and account_number is not null
    group by account_number
    having count(distinct golden_id) = 1

),

joined as (

    select
        'hubspot' as system,
        deals.deal_source_id as record_key,
        coalesce(companies.golden_id, parties.golden_id) as golden_id
    from stg_hubspot__deals as deals
    left join stg_hubspot__company_merges as merged_away
        on deals.company_source_id = merged_away.merged_source_id
    left join companies
        on
            coalesce(merged_away.company_source_id, deals.company_source_id)
            = companies.company_source_id
    left join parties
        on {{ normalised_code('deals.erp_customer_code') }} = parties.account_number

)

select * from joined
where golden_id is not null
