with orders as (

    select * from {{ source('shopify', 'shopify__orders') }}

),

live as (

    select * from orders
    where not _is_deleted

),

unnested as (

    select
        live._key as order_source_id,
        fulfillment.item
    from live
    cross join lateral jsonb_array_elements(
        case
            when jsonb_typeof(live.fulfillments) = 'array' then live.fulfillments else '[]'
        end
    ) as fulfillment (item)

),

cleaned as (

    select
        item ->> 'id' as fulfillment_source_id,
        order_source_id,
        lower(item ->> 'status') as fulfillment_status,
        {{ trimmed("(item #>> '{trackingInfo,0,company}')") }} as carrier_name,
        {{ trimmed("(item #>> '{trackingInfo,0,number}')") }} as tracking_number,
        (
            select coalesce(sum((line ->> 'quantity')::numeric), 0)
            from jsonb_array_elements(item #> '{fulfillmentLineItems,nodes}') as line
        ) as shipped_quantity,
        (item ->> 'createdAt')::timestamptz as shipped_at
    from unnested

)

select * from cleaned
