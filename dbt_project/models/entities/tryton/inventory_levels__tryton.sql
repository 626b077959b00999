{# One row per active product that is kept in stock. #}
with active as (

    select levels.*
    from {{ ref('stg_tryton__stock_levels') }} as levels
    inner join {{ ref('stg_tryton__products') }} as products
        on levels.product_source_id = products.product_source_id

)

{{ shaped_as(
    'inventory_levels',
    'active',
    kept=['sku', 'changed_at'],
    columns={'record_key': 'product_source_id', 'quantity': 'on_hand_quantity'}
) }}
