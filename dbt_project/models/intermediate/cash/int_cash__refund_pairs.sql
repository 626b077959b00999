{# One row per refund of a payment provider that a shop knows too, with the shop and its
   key. The provider quotes only the key, which two shops may have given: the shop is the
   one whose order the provider names. If it names none, the key must be that of one shop
   alone. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_cash__payment_refunds as (

    select * from {{ ref('int_cash__payment_refunds') }}

),

int_cash__shop_refunds as (

    select * from {{ ref('int_cash__shop_refunds') }}

),

int_orders__records as (

    select * from {{ ref('int_orders__records') }}

),

candidates as (

    select
        paid_back.system,
        paid_back.record_key,
        shop_refunds.system as shop,
        shop_refunds.record_key as shop_record_key,
        count(*) over (
            partition by paid_back.system, paid_back.record_key
        ) as candidate_count
    from int_cash__payment_refunds as paid_back
    inner join int_cash__shop_refunds as shop_refunds
        on paid_back.shop_refund_key = shop_refunds.record_key
    inner join int_orders__records as orders
        on
            shop_refunds.system = orders.system
            and shop_refunds.order_record_key = orders.record_key
    where
        paid_back.order_name is null
        or paid_back.order_name = orders.order_name

)

select
    system,
    record_key,
    shop,
    shop_record_key
from candidates
where candidate_count = 1
