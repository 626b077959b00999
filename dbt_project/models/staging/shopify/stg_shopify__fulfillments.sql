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

counted as (

    select
        unnested.item ->> 'id' as fulfillment_source_id,
        sum((line.item ->> 'quantity')::numeric) as shipped_quantity
    from unnested
    cross join
        lateral jsonb_array_elements(
            unnested.item #> '{fulfillmentLineItems,nodes}'
        ) as line (item)
    group by unnested.item ->> 'id'

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
        coalesce(counted.shipped_quantity, 0) as shipped_quantity,
        (unnested.item ->> 'createdAt')::timestamptz as shipped_at
    from unnested
    left join counted on unnested.item ->> 'id' = counted.fulfillment_source_id

)

select * from cleaned
