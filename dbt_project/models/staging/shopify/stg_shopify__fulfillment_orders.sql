{# One row per fulfillment order: the part of an order that one location ships, with the
   fulfillment that shipped it. #}
with live as (

    select * from {{ source('shopify', 'shopify__fulfillment_orders') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as fulfillment_order_source_id,
        order_source_id,
        fulfillment_source_id,
        {{ trimmed('order_name') }} as order_name,
        lower(fulfillment_order_status) as fulfillment_order_status,
        {{ trimmed('carrier_name') }} as carrier_name,
        {{ trimmed('tracking_number') }} as tracking_number,
        delivery_status as source_status,
        {{ believed('updated_at') }} as changed_at
    from live

)

select * from cleaned
