{# A stock record has the price and the quantity of the ERP. #}
with levels as (

    select * from {{ ref('int_products__stocked') }}
    where system = 'oscar'

),

wanted as (

    select
        golden_id,
        max(golden_system) as golden_system,
        max(golden_value) filter (where entity = 'product') as price_amount,
        max(golden_value) filter (where entity = 'inventory_level') as stock_quantity
    from {{ ref('int_fields__disagreements') }}
    where system = 'oscar' and field in ('price', 'available_quantity')
    group by golden_id

),

desired as (

    select
        case
            when levels.is_primary then levels.golden_id
            else levels.golden_id || ':' || levels.record_key
        end as _entity_id,
        levels.record_key as _key,
        coalesce('from ' || wanted.golden_system, 'agrees') as _reason,
        wanted.price_amount::numeric as price_amount,
        wanted.stock_quantity::numeric::bigint as stock_quantity
    from levels
    left join wanted on levels.golden_id = wanted.golden_id and levels.is_primary

)

select * from desired
