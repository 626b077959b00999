{# One row per stock record. #}
with stock as (

    select * from {{ source('oscar', 'oscar__stock') }}
    where not _is_deleted

)

{{ shaped_as(
    'inventory_levels',
    'stock',
    columns={
        'record_key': '_key',
        'sku': normalised_sku('product_code'),
        'quantity': 'stock_quantity',
        'changed_at': believed('updated_at')
    }
) }}
