{# One row per stocked item. #}
{{ shaped_as(
    'inventory_levels',
    ref('stg_shopify__inventory_levels'),
    kept=['sku', 'changed_at'],
    columns={'record_key': 'inventory_item_source_id', 'quantity': 'available_quantity'}
) }}
