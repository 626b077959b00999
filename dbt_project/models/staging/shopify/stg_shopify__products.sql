{# One row per live product variant. #}
with live as (

    select * from {{ source('shopify', 'shopify__products') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as product_source_id,
        inventory_item_source_id,
        {{ normalised_sku('sku') }} as sku,
        {{ trimmed('product_name') }} as product_name,
        product_status,
        price,
        {{ believed('updated_at') }} as changed_at
    from live

)

select * from cleaned
