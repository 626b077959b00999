{# One row per item of a sales order. #}
with live as (

    select * from {{ source('sap', 'sap__sales_orders') }}
    where not _is_deleted

),

unnested as (

    select
        live._key,
        listed.item
    from live
    cross join lateral jsonb_array_elements(live.items) as listed (item)

),

numbered as (

    select
        {{ without_leading_zeros('_key') }} as order_source_id,
        {{ without_leading_zeros("(item ->> 'SalesOrderItem')") }} as item_number,
        {{ normalised_sku(without_leading_zeros("(item ->> 'Material')")) }} as sku,
        nullif(item ->> 'RequestedQuantityUnit', '') as unit_code,
        nullif(item ->> 'TransactionCurrency', '') as currency_code,
        (item ->> 'RequestedQuantity')::numeric as quantity,
        (item ->> 'NetAmount')::numeric as net_amount,
        coalesce(item ->> 'SalesDocumentRjcnReason', '') <> '' as is_rejected
    from unnested

)

select * from numbered
