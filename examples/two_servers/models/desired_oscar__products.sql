{# An article is called as the ERP calls it. #}
with products as (

    select * from {{ ref('int_products__identified') }}
    where system = 'oscar'

),

names as (

    select * from {{ ref('int_fields__disagreements') }}
    where entity = 'product' and field = 'product_name' and system = 'oscar'

),

desired as (

    select
        products.entity_id as _entity_id,
        products.record_key as _key,
        coalesce('from ' || names.golden_system || ': name', 'agrees') as _reason,
        null::text as product_code,
        names.golden_value as product_name,
        null::text as slug
    from products
    left join names on products.golden_id = names.golden_id and products.is_primary

)

select * from desired
