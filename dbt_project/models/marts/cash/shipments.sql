{# The contents of a parcel come from the shop, its status from the carrier. #}
with stg_shopify__fulfillments as (

    select * from {{ ref('stg_shopify__fulfillments') }}

),

stg_shopify__orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

stg_fedex__tracking as (

    select * from {{ ref('stg_fedex__tracking') }}

),

joined as (

    select
        parcels.fulfillment_source_id,
        orders.order_name as order_id,
        parcels.carrier_name,
        parcels.tracking_number,
        parcels.fulfillment_status,
        tracking.parcel_status,
        tracking.exception_reason,
        parcels.shipped_quantity,
        coalesce(tracking.delivery_attempts, 0) as delivery_attempts,
        coalesce(tracking.is_delivered, false) as is_delivered,
        parcels.shipped_at,
        tracking.estimated_delivery_at,
        tracking.delivered_at
    from stg_shopify__fulfillments as parcels
    inner join stg_shopify__orders as orders
        on parcels.order_source_id = orders.order_source_id
    left join stg_fedex__tracking as tracking
        on
            parcels.tracking_number = tracking.tracking_number
            and lower(parcels.carrier_name) = 'fedex'

)

select * from joined
