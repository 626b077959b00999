with int_products__stocked as (

    select * from {{ ref('int_products__stocked') }}
    where system = 'shopify'

),

int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}
    where entity = 'inventory_level' and system = 'shopify'

),

desired as (

    select
        case
            when levels.is_primary then levels.golden_id
            else levels.golden_id || ':' || levels.record_key
        end as _entity_id,
        levels.record_key as _key,
        coalesce('from ' || stock.golden_system || ': stock on hand', 'agrees')
        as _reason,
        coalesce(stock.golden_value::bigint, levels.quantity::bigint)
        as available_quantity
    from int_products__stocked as levels
    left join int_fields__disagreements as stock
        on levels.golden_id = stock.golden_id and levels.is_primary

)

select * from desired
