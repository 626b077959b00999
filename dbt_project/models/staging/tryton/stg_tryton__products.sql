{# One row per active product. #}
with live as (

    select * from {{ source('tryton', 'tryton__products') }}
    where not _is_deleted and coalesce(is_active, true)

),

cleaned as (

    select
        _key as product_source_id,
        unit_source_id,
        {{ normalised_sku('sku') }} as sku,
        {{ trimmed('product_name') }} as product_name,
        list_price,
        {{ believed('changed_at') }} as changed_at
    from live

)

select * from cleaned
