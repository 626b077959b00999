with int_products__stocked as (

    select * from {{ ref('int_products__stocked') }}
    where is_primary

),

int_fields__golden as (

    select * from {{ ref('int_fields__golden') }}
    where entity = 'inventory_level'

),

per_product as (

    select
        golden_id,
        min(sku) as sku,
        jsonb_object_agg(system, quantity) as quantities
    from int_products__stocked
    group by golden_id

),

joined as (

    select
        per_product.golden_id as product_id,
        per_product.sku,
        int_fields__golden.value::bigint as available_quantity,
        per_product.quantities,
        int_fields__golden.changed_at
    from per_product
    inner join int_fields__golden
        on per_product.golden_id = int_fields__golden.golden_id

)

select * from joined
