{# One row per order of the shop and tracking number that the shop holds. #}
{{ config(tags=['marts', 'measure']) }}

with stg_shopify__fulfillments as (

    select * from {{ ref('stg_shopify__fulfillments') }}
    where coalesce(fulfillment_status, '') not in ('cancelled', 'error', 'failure')

),

stg_shopify__fulfillment_orders as (

    select * from {{ ref('stg_shopify__fulfillment_orders') }}

),

unioned as (

    select
        order_source_id,
        tracking_number
    from stg_shopify__fulfillments

    union distinct

    select
        order_source_id,
        tracking_number
    from stg_shopify__fulfillment_orders

)

select * from unioned
where tracking_number is not null
