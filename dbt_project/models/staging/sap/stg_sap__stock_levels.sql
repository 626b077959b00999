{# One row per product, plant, storage location, batch and type of stock. Stock of type
   01 is free to use. #}
with live as (

    select * from {{ source('sap', 'sap__stock_levels') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as stock_source_id,
        {{ without_leading_zeros('product_source_id') }} as product_source_id,
        {{ normalised_sku(without_leading_zeros('product_source_id')) }} as sku,
        {{ trimmed('plant_code') }} as plant_code,
        {{ trimmed('storage_location_code') }} as storage_location_code,
        {{ trimmed('batch_number') }} as batch_number,
        stock_type,
        base_unit as unit_code,
        on_hand_quantity,
        stock_type = '01' as is_free_to_use,
        _modified_at as changed_at
    from live

)

select * from cleaned
