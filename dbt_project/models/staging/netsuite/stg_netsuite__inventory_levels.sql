{# One row per item and location. #}
with live as (

    select * from {{ source('netsuite', 'netsuite__inventory_levels') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as inventory_level_source_id,
        item_source_id,
        location_source_id,
        {{ normalised_sku('sku') }} as sku,
        on_hand_quantity,
        available_quantity,
        _modified_at as changed_at
    from live

)

select * from cleaned
