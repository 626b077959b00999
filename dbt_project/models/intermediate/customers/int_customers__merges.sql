{# One row per customer record that its own system merged into another record. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_salesforce__account_merges as (

    select * from {{ ref('stg_salesforce__account_merges') }}

),

stg_hubspot__contact_merges as (

    select * from {{ ref('stg_hubspot__contact_merges') }}

),

unioned as (

    select
        'salesforce' as system,
        merged_source_id as merged_key,
        account_source_id as record_key
    from stg_salesforce__account_merges

    union all

    select
        'hubspot' as system,
        merged_source_id as merged_key,
        contact_source_id as record_key
    from stg_hubspot__contact_merges

)

select * from unioned
