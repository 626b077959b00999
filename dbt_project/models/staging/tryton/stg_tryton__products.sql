with products as (

    select * from {{ source('tryton', 'tryton__products') }}

),

live as (

    select * from products
    where not _is_deleted and coalesce(is_active, true)

),

cleaned as (

    select
        _key as product_source_id,
        unit_source_id,
        {{ normalised_sku('sku') }} as sku,
        {{ trimmed('product_name') }} as product_name,
        list_price,
        changed_at
    from live

)

select * from cleaned
