{# One row per product that is kept in stock. #}
with live as (

    select * from {{ source('tryton', 'tryton__stock_levels') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as product_source_id,
        {{ normalised_sku('sku') }} as sku,
        on_hand_quantity,
        _modified_at as changed_at
    from live

)

select * from cleaned
