{# The shop and the payment provider each keep refunds of their own. A refund
   that both know is one row. #}
with int_cash__shop_refunds as (

    select * from {{ ref('int_cash__shop_refunds') }}

),

int_cash__payment_refunds as (

    select * from {{ ref('int_cash__payment_refunds') }}

),

int_cash__refund_pairs as (

    select * from {{ ref('int_cash__refund_pairs') }}

),

int_orders__records as (

    select * from {{ ref('int_orders__records') }}

),

shop_refunds as (

    select
        refunds.*,
        orders.order_name
    from int_cash__shop_refunds as refunds
    inner join int_orders__records as orders
        on
            refunds.system = orders.system
            and refunds.order_record_key = orders.record_key

),

paid_back as (

    select
        refunds.*,
        pairs.shop,
        pairs.shop_record_key
    from int_cash__payment_refunds as refunds
    left join int_cash__refund_pairs as pairs
        on
            refunds.system = pairs.system
            and refunds.record_key = pairs.record_key

),

joined as (

    select
        coalesce(paid_back.system, shop_refunds.system) as system,
        coalesce(paid_back.record_key, shop_refunds.record_key) as refund_source_id,
        coalesce(shop_refunds.order_name, paid_back.order_name) as order_id,
        paid_back.payment_record_key as charge_source_id,
        shop_refunds.record_key as shop_refund_source_id,
        paid_back.refund_status,
        coalesce(shop_refunds.currency_code, paid_back.currency_code) as currency_code,
        shop_refunds.refunded_amount as shop_amount,
        paid_back.refunded_amount as provider_amount,
        shop_refunds.record_key is not null as is_known_to_shop,
        paid_back.record_key is not null as is_known_to_provider,
        coalesce(paid_back.refunded_at, shop_refunds.refunded_at) as refunded_at
    from shop_refunds
    full join paid_back
        on
            shop_refunds.system = paid_back.shop
            and shop_refunds.record_key = paid_back.shop_record_key

)

select * from joined
