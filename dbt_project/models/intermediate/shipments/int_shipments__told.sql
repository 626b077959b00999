{# One row per order of the shop and parcel that a carrier knows: found by the
   tracking number that the shop holds, or by the order's name. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where {{ plays('system', 'shop') }} and is_primary

),

int_shipments__in_shop as (

    select * from {{ ref('int_shipments__in_shop') }}

),

int_shipments__carrier_parcels as (

    select * from {{ ref('int_shipments__carrier_parcels') }}

),

unioned as (

    select
        in_shop.system,
        in_shop.order_record_key,
        tracking.system as carrier,
        tracking.carrier_name,
        tracking.tracking_number,
        tracking.source_status,
        tracking.delivered_on,
        1 as preference
    from int_shipments__in_shop as in_shop
    inner join int_shipments__carrier_parcels as tracking
        on in_shop.tracking_number = tracking.tracking_number and tracking.is_tracked

    union all

    select
        orders.system,
        orders.record_key as order_record_key,
        by_name.system as carrier,
        by_name.carrier_name,
        by_name.tracking_number,
        by_name.source_status,
        by_name.delivered_on,
        2 as preference
    from int_shipments__carrier_parcels as by_name
    inner join int_orders__identified as orders
        on by_name.order_name = orders.order_name
    where not by_name.is_tracked

),

ranked as (

    select
        *,
        row_number() over (
            partition by system, order_record_key, tracking_number
            order by
                preference, {{ rank_of('carrier') }}, source_status, delivered_on
        ) as version
    from unioned

)

select
    system,
    order_record_key,
    carrier,
    carrier_name,
    tracking_number,
    source_status,
    delivered_on
from ranked
where version = 1
