{# One row per product variant. #}
{{ shaped_as(
    'products',
    ref('stg_shopify__products'),
    kept=['sku', 'product_name', 'price', 'changed_at'],
    columns={'record_key': 'product_source_id'}
) }}
