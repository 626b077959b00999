{# One row per customer record for which its system accepts no new order. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_sap__business_partners as (

    select * from {{ ref('stg_sap__business_partners') }}

),

stg_netsuite__customers as (

    select * from {{ ref('stg_netsuite__customers') }}

),

unioned as (

    select
        'sap' as system,
        stored_source_id as record_key
    from stg_sap__business_partners
    where is_blocked

    union all

    select
        'netsuite' as system,
        customer_source_id as record_key
    from stg_netsuite__customers
    where not is_active

)

select * from unioned
