{# One row per deal, in the columns that all order records share. A deal has no key of a
   customer record; int_orders__deal_customers finds its customer. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_hubspot__deals as (

    select * from {{ ref('stg_hubspot__deals') }}

),

shaped as (

    select
        'hubspot' as system,
        deal_source_id as record_key,
        null as customer_record_key,
        order_name,
        source_status,
        currency_code,
        total_amount,
        coalesce(source_status = 'cancelled', false) as is_cancelled,
        false as is_test,
        closed_at::date as order_date,
        changed_at
    from stg_hubspot__deals

)

select * from shaped
