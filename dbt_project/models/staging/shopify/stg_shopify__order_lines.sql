{# One row per line of a live order. #}
with live as (

    select * from {{ source('shopify', 'shopify__orders') }}
    where not _is_deleted

),

unnested as (

    select
        live._key as order_source_id,
        line.item,
        line.line_number
    from live
    cross join lateral jsonb_array_elements(
        case
            when jsonb_typeof(live.lines) = 'array' then live.lines
            else live.lines -> 'nodes'
        end
    ) with ordinality as line (item, line_number)

),

cleaned as (

    select
        order_source_id,
        item ->> 'id' as order_line_source_id,
        {{ normalised_sku("(item ->> 'sku')") }} as sku,
        line_number,
        (item ->> 'quantity')::numeric as quantity,
        (item #>> '{originalUnitPriceSet,shopMoney,amount}')::numeric as unit_price
    from unnested

)

select * from cleaned
