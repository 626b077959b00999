{# One row per order of the shop and parcel that the carrier knows: found by the
   tracking number that the shop holds, or by the order's name. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'shopify' and is_primary

),

int_shipments__in_shop as (

    select * from {{ ref('int_shipments__in_shop') }}

),

stg_fedex__tracking as (

    select * from {{ ref('stg_fedex__tracking') }}

),

stg_fedex__references as (

    select * from {{ ref('stg_fedex__references') }}

),

unioned as (

    select
        in_shop.order_source_id,
        tracking.tracking_number,
        tracking.status_code,
        tracking.delivered_at_local,
        1 as preference
    from int_shipments__in_shop as in_shop
    inner join stg_fedex__tracking as tracking
        on in_shop.tracking_number = tracking.tracking_number

    union all

    select
        orders.record_key as order_source_id,
        by_name.tracking_number,
        by_name.status_code,
        by_name.delivered_at_local,
        2 as preference
    from stg_fedex__references as by_name
    inner join int_orders__identified as orders
        on by_name.order_name = orders.order_name

),

ranked as (

    select
        *,
        row_number() over (
            partition by order_source_id, tracking_number
            order by preference, status_code, delivered_at_local
        ) as version
    from unioned

)

select
    order_source_id,
    tracking_number,
    status_code,
    delivered_at_local
from ranked
where version = 1
