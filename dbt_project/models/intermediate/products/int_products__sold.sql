{# One row per sku and system that books orders line by line, with the system's keys of
   the product and of its unit. #}
{{ config(tags=['marts', 'measure']) }}

with int_products__unioned as (

    select * from {{ ref('int_products__unioned') }}
    where is_sellable and sku is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by system, sku
            order by length(record_key), record_key
        ) as product_rank
    from int_products__unioned

),

sold as (

    select
        system,
        sku,
        record_key as product_source_id,
        unit_source_id
    from ranked
    where product_rank = 1

)

select * from sold
