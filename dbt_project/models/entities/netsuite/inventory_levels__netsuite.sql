{# One row per item, with its stock at all locations. #}
with summed as (

    select
        item_source_id,
        min(sku) as sku,
        sum(on_hand_quantity) as quantity,
        max(changed_at) as changed_at
    from {{ ref('stg_netsuite__inventory_levels') }}
    group by item_source_id

)

{{ shaped_as(
    'inventory_levels',
    'summed',
    kept=['sku', 'quantity', 'changed_at'],
    columns={'record_key': 'item_source_id'}
) }}
