{# One row per refund of a live order. #}
with live as (

    select * from {{ source('shopify', 'shopify__orders') }}
    where not _is_deleted

),

unnested as (

    select
        live._key as order_source_id,
        refund.item
    from live
    cross join lateral jsonb_array_elements(
        case when jsonb_typeof(live.refunds) = 'array' then live.refunds else '[]' end
    ) as refund (item)

),

cleaned as (

    select
        item ->> 'id' as refund_source_id,
        order_source_id,
        (item #>> '{totalRefundedSet,shopMoney,amount}')::numeric as refunded_amount,
        upper(item #>> '{totalRefundedSet,shopMoney,currencyCode}') as currency_code,
        (item ->> 'createdAt')::timestamptz as refunded_at
    from unnested

)

select * from cleaned
