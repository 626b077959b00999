{# One row per sales order of SAP, in the columns that all order records share. SAP
   cancels an order by rejecting all its items. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_sap__sales_orders as (

    select * from {{ ref('stg_sap__sales_orders') }}

),

stg_sap__business_partners as (

    select * from {{ ref('stg_sap__business_partners') }}

),

shaped as (

    select
        'sap' as system,
        orders.stored_source_id as record_key,
        partners.stored_source_id as customer_record_key,
        orders.order_name,
        case when orders.is_cancelled then 'cancelled' else orders.source_status end
        as source_status,
        orders.currency_code,
        orders.total_amount,
        coalesce(orders.is_cancelled, false) as is_cancelled,
        false as is_test,
        orders.order_date,
        orders.changed_at
    from stg_sap__sales_orders as orders
    left join stg_sap__business_partners as partners
        on orders.partner_source_id = partners.partner_source_id

)

select * from shaped
