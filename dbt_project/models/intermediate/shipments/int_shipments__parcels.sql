{# One row per live order and parcel that a carrier knows, with its delivery status.
   #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where {{ plays('system', 'shop') }} and is_primary and not is_cancelled

),

int_shipments__told as (

    select * from {{ ref('int_shipments__told') }}

),

int_shipments__in_shop as (

    select * from {{ ref('int_shipments__in_shop') }}

),

int_systems__delivery_statuses as (

    select * from {{ ref('int_systems__delivery_statuses') }}

),

joined as (

    select
        orders.order_name,
        told.system,
        told.order_record_key,
        told.carrier,
        told.carrier_name,
        told.tracking_number,
        told.source_status,
        statuses.delivery_status,
        told.delivered_on,
        in_shop.tracking_number is not null as is_in_shop
    from int_shipments__told as told
    inner join int_orders__identified as orders
        on
            told.system = orders.system
            and told.order_record_key = orders.record_key
    left join int_shipments__in_shop as in_shop
        on
            told.system = in_shop.system
            and told.order_record_key = in_shop.order_record_key
            and told.tracking_number = in_shop.tracking_number
    left join int_systems__delivery_statuses as statuses
        on
            told.carrier = statuses.system
            and told.source_status = statuses.source_status

)

select * from joined
