{# One row per live order and parcel that the carrier knows, with its delivery status.
   #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'shopify' and is_primary and not is_cancelled

),

int_shipments__told as (

    select * from {{ ref('int_shipments__told') }}

),

int_shipments__in_shop as (

    select * from {{ ref('int_shipments__in_shop') }}

),

delivery_statuses as (

    select * from {{ ref('delivery_statuses') }}
    where system = 'fedex'

),

joined as (

    select
        orders.order_name,
        told.order_source_id,
        told.tracking_number,
        'FedEx' as carrier_name,
        told.status_code as source_status,
        delivery_statuses.delivery_status,
        left(told.delivered_at_local, 10) as delivered_on,
        in_shop.tracking_number is not null as is_in_shop
    from int_shipments__told as told
    inner join int_orders__identified as orders
        on told.order_source_id = orders.record_key
    left join int_shipments__in_shop as in_shop
        on
            told.order_source_id = in_shop.order_source_id
            and told.tracking_number = in_shop.tracking_number
    left join delivery_statuses
        on told.status_code = delivery_statuses.source_status

)

select * from joined
