{# One row per product, with its stock that is free to use in all plants. #}
with summed as (

    select
        product_source_id,
        min(sku) as sku,
        sum(on_hand_quantity) as quantity,
        max(changed_at) as changed_at
    from {{ ref('stg_sap__stock_levels') }}
    where is_free_to_use
    group by product_source_id

)

{{ shaped_as(
    'inventory_levels',
    'summed',
    kept=['sku', 'quantity', 'changed_at'],
    columns={'record_key': 'product_source_id'}
) }}
