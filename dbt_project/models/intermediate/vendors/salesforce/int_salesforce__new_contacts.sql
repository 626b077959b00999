{# One row per contact that the CRM lacks: of an account that is created tonight, or of
   an account that Concord created without its contact. A contact that somebody merged
   into another one is not created again. #}
{{ config(tags=['marts']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'salesforce' and is_primary and not is_incomplete

),

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}
    where system = 'salesforce'

),

stg_concord__dead_letters as (

    select parent_source_id
    from {{ ref('stg_concord__dead_letters') }}
    where system = 'salesforce' and resource = 'contacts' and stage = 'validate'
    group by parent_source_id

),

merged as (

    select account_source_id
    from {{ ref('stg_salesforce__contact_merges') }}
    where account_source_id is not null
    group by account_source_id

),

to_create as (

    select
        customer_id,
        '@accounts/' || customer_id as account_source_id
    from int_customers__to_create

    union all

    select
        accounts.golden_id as customer_id,
        accounts.record_key as account_source_id
    from int_customers__identified as accounts
    left join stg_concord__dead_letters as refused
        on accounts.record_key = refused.parent_source_id
    left join merged on accounts.record_key = merged.account_source_id
    where
        accounts.external_id = accounts.golden_id
        and accounts.contact_source_id is null
        and refused.parent_source_id is null
        and merged.account_source_id is null

)

select * from to_create
