with int_products__identified as (

    select * from {{ ref('int_products__identified') }}
    where system = 'shopify'

),

int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}
    where entity = 'product' and field = 'price' and system = 'shopify'

),

desired as (

    select
        products.entity_id as _entity_id,
        products.record_key as _key,
        coalesce('from ' || prices.golden_system || ': price', 'agrees') as _reason,
        coalesce(prices.golden_value::numeric, products.price) as price
    from int_products__identified as products
    left join int_fields__disagreements as prices
        on products.golden_id = prices.golden_id and products.is_primary

)

select * from desired
