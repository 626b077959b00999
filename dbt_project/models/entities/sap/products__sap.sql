{# One row per product. #}
{{ shaped_as(
    'products',
    ref('stg_sap__products'),
    kept=['sku', 'product_name', 'changed_at'],
    columns={
        'record_key': 'stored_source_id',
        'unit_source_id': 'unit_code',
        'is_sellable': 'true'
    }
) }}
