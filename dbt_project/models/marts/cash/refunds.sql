{# The shop and the payment provider each keep refunds of their own. The provider's
   refund names the shop's refund if there is one. #}
with stg_shopify__refunds as (

    select * from {{ ref('stg_shopify__refunds') }}

),

stg_shopify__orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

stg_stripe__refunds as (

    select * from {{ ref('stg_stripe__refunds') }}

),

shop_refunds as (

    select
        refunds.*,
        orders.order_name
    from stg_shopify__refunds as refunds
    inner join stg_shopify__orders as orders
        on refunds.order_source_id = orders.order_source_id

),

joined as (

    select
        coalesce(paid_back.refund_source_id, shop_refunds.refund_source_id)
        as refund_source_id,
        coalesce(shop_refunds.order_name, paid_back.order_name) as order_id,
        paid_back.charge_source_id,
        shop_refunds.refund_source_id as shop_refund_source_id,
        paid_back.refund_status,
        coalesce(shop_refunds.currency_code, paid_back.currency_code) as currency_code,
        shop_refunds.refunded_amount as shop_amount,
        paid_back.refunded_amount as provider_amount,
        shop_refunds.refund_source_id is not null as is_known_to_shop,
        paid_back.refund_source_id is not null as is_known_to_provider,
        coalesce(paid_back.refunded_at, shop_refunds.refunded_at) as refunded_at
    from shop_refunds
    full join stg_stripe__refunds as paid_back
        on shop_refunds.refund_source_id = paid_back.shop_refund_source_id

)

select * from joined
