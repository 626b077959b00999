{# One row per golden product and system that keeps its stock. A stocked item whose
   product was quarantined is still matched by its sku. #}
{{ config(tags=['marts', 'measure']) }}

with unioned as (

    {{ all_records('inventory_levels') }}

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
