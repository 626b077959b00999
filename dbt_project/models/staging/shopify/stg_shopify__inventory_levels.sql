{# One row per live inventory level. #}
with live as (

    select * from {{ source('shopify', 'shopify__inventory_levels') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as inventory_item_source_id,
        location_source_id,
        {{ normalised_sku('sku') }} as sku,
        available_quantity,
        _modified_at as changed_at
    from live

)

select * from cleaned
