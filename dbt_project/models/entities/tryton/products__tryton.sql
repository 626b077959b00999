{# One row per product. A sale needs its unit. #}
{{ shaped_as(
    'products',
    ref('stg_tryton__products'),
    kept=['unit_source_id', 'sku', 'product_name', 'changed_at'],
    columns={
        'record_key': 'product_source_id',
        'price': 'list_price',
        'is_sellable': 'unit_source_id is not null'
    }
) }}
