{# One row per live item, including inactive items. #}
with live as (

    select * from {{ source('netsuite', 'netsuite__items') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as item_source_id,
        {{ normalised_sku('sku') }} as sku,
        {{ trimmed('product_name') }} as product_name,
        item_type,
        base_price,
        not coalesce(is_inactive, false) as is_active,
        created_at,
        {{ believed('updated_at') }} as changed_at
    from live

)

select * from cleaned
