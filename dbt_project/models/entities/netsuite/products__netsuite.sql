{# One row per item, without inactive ones. #}
{{ shaped_as(
    'products',
    ref('stg_netsuite__items'),
    kept=['sku', 'product_name', 'changed_at'],
    columns={
        'record_key': 'item_source_id', 'price': 'base_price', 'is_sellable': 'true'
    },
    where='is_active'
) }}
