{# One row per product with its price. #}
with priced as (

    select
        products.stored_source_id,
        products.unit_code,
        products.sku,
        products.product_name,
        prices.price,
        greatest(products.changed_at, prices.changed_at) as changed_at
    from {{ ref('stg_sap__products') }} as products
    left join {{ ref('int_sap__prices') }} as prices
        on products.product_source_id = prices.product_source_id

)

{{ shaped_as(
    'products',
    'priced',
    kept=['sku', 'product_name', 'price', 'changed_at'],
    columns={
        'record_key': 'stored_source_id',
        'unit_source_id': 'unit_code',
        'is_sellable': 'true'
    }
) }}
