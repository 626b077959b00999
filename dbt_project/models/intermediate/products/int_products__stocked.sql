{# One row per golden product and system that keeps its stock. A stocked item of the
   shop whose product was quarantined is still matched by its sku. #}
{{ config(tags=['marts', 'measure']) }}

with stg_shopify__inventory_levels as (

    select * from {{ ref('stg_shopify__inventory_levels') }}

),

stg_tryton__stock_levels as (

    select * from {{ ref('stg_tryton__stock_levels') }}

),

int_products__identified as (

    select * from {{ ref('int_products__identified') }}

),

golden_skus as (

    select
        sku,
        min(golden_id) as golden_id
    from int_products__identified
    where is_primary and sku is not null
    group by sku

),

unioned as (

    select
        'shopify' as system,
        inventory_item_source_id as record_key,
        sku,
        available_quantity::numeric as quantity,
        changed_at
    from stg_shopify__inventory_levels

    union all

    select
        'tryton' as system,
        stg_tryton__stock_levels.product_source_id as record_key,
        stg_tryton__stock_levels.sku,
        stg_tryton__stock_levels.on_hand_quantity as quantity,
        stg_tryton__stock_levels.changed_at
    from stg_tryton__stock_levels
    inner join int_products__identified
        on
            stg_tryton__stock_levels.product_source_id
            = int_products__identified.record_key
            and int_products__identified.system = 'tryton'

),

stocked as (

    select
        unioned.*,
        golden_skus.golden_id,
        row_number() over (
            partition by golden_skus.golden_id, unioned.system
            order by length(unioned.record_key), unioned.record_key
        ) = 1 as is_primary
    from unioned
    inner join golden_skus on unioned.sku = golden_skus.sku
    where unioned.quantity is not null

)

select * from stocked
