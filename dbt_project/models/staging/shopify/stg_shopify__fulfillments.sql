{# One row per fulfillment of a live order. #}
with live as (

    select * from {{ source('shopify', 'shopify__orders') }}
    where not _is_deleted

),

unnested as (

    select
        live._key as order_source_id,
        fulfillment.item
    from live
    cross join lateral jsonb_array_elements(
        case
            when jsonb_typeof(live.fulfillments) = 'array' then live.fulfillments
            else '[]'
        end
    ) as fulfillment (item)

),

cleaned as (

    select
        unnested.item ->> 'id' as fulfillment_source_id,
        unnested.order_source_id,
        lower(unnested.item ->> 'status') as fulfillment_status,
        {{ trimmed("(unnested.item #>> '{trackingInfo,0,company}')") }}
        as carrier_name,
        {{ trimmed("(unnested.item #>> '{trackingInfo,0,number}')") }}
        as tracking_number,
        coalesce(
            (
                select sum((line.item ->> 'quantity')::numeric)
                from jsonb_array_elements(
                    unnested.item #> '{fulfillmentLineItems,nodes}'
                ) as line (item)
            ), 0
        ) as shipped_quantity,
        (unnested.item ->> 'createdAt')::timestamptz as shipped_at
    from unnested

)

select * from cleaned
