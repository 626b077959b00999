{# One row per parcel that was found by its tracking number (`is_tracked`), and one per
   parcel that was found by the name of an order. #}
with tracking as (

    select * from {{ ref('stg_fedex__tracking') }}

),

by_name as (

    select * from {{ ref('stg_fedex__references') }}

),

unioned as (

    select
        tracking_number,
        null as order_name,
        status_code,
        exception_reason,
        delivery_attempts,
        true as is_tracked,
        delivered_at_local,
        estimated_delivery_at,
        delivered_at
    from tracking

    union all

    select
        tracking_number,
        order_name,
        status_code,
        null as exception_reason,
        null as delivery_attempts,
        false as is_tracked,
        delivered_at_local,
        null as estimated_delivery_at,
        null as delivered_at
    from by_name

)

{{ shaped_as(
    'carrier_parcels',
    'unioned',
    kept=[
        'tracking_number', 'order_name', 'exception_reason', 'delivery_attempts',
        'is_tracked', 'estimated_delivery_at', 'delivered_at'
    ],
    columns={
        'carrier_name': "'FedEx'",
        'source_status': 'status_code',
        'delivered_on': 'left(delivered_at_local, 10)'
    }
) }}
