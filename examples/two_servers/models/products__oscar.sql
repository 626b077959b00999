{# One row per article. Its price stands in its stock record. #}
with articles as (

    select
        products._key,
        products.product_name,
        products.product_code,
        stock.price_amount,
        {{ believed('products.updated_at') }} as changed_at
    from {{ source('oscar', 'oscar__products') }} as products
    left join {{ source('oscar', 'oscar__stock') }} as stock
        on products.product_code = stock.product_code and not stock._is_deleted
    where not products._is_deleted

)

{{ shaped_as(
    'products',
    'articles',
    kept=['changed_at'],
    columns={
        'record_key': '_key',
        'sku': normalised_sku('product_code'),
        'product_name': trimmed('product_name'),
        'price': 'price_amount'
    }
) }}
