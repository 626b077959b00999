{# One row per golden product, system and field that its primary record fills. Stock is
   a field of the entity inventory_level. #}
{{ config(tags=['marts', 'measure']) }}

with int_products__identified as (

    select * from {{ ref('int_products__identified') }}
    where is_primary

),

int_products__stocked as (

    select * from {{ ref('int_products__stocked') }}
    where is_primary

),

unpivoted as (

    select
        'product' as entity,
        golden_id,
        system,
        record_key,
        'product_name' as field,
        product_name as value,
        {{ normalised_name('product_name') }} as comparison,
        null::numeric as amount,
        changed_at
    from int_products__identified
    where product_name is not null

    union all

    select
        'product' as entity,
        golden_id,
        system,
        record_key,
        'price' as field,
        round(price, 2)::text as value,
        round(price, 2)::text as comparison,
        price as amount,
        changed_at
    from int_products__identified
    where price is not null

    union all

    select
        'inventory_level' as entity,
        golden_id,
        system,
        record_key,
        'available_quantity' as field,
        trunc(quantity)::bigint::text as value,
        trunc(quantity)::bigint::text as comparison,
        trunc(quantity) as amount,
        changed_at
    from int_products__stocked

)

select * from unpivoted
