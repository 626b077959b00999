{# One row per sku and system that books orders line by line, with the system's keys of
   the product and of its unit. #}
{{ config(tags=['marts', 'measure']) }}

with int_products__identified as (

    select * from {{ ref('int_products__identified') }}
    where system = 'tryton' and is_primary and unit_source_id is not null

),

stg_sap__products as (

    select * from {{ ref('stg_sap__products') }}

),

stg_netsuite__items as (

    select * from {{ ref('stg_netsuite__items') }}
    where is_active

),

unioned as (

    select
        'tryton' as system,
        sku,
        record_key as product_source_id,
        unit_source_id
    from int_products__identified

    union all

    select
        'sap' as system,
        sku,
        stored_source_id as product_source_id,
        unit_code as unit_source_id
    from stg_sap__products

    union all

    select
        'netsuite' as system,
        sku,
        item_source_id as product_source_id,
        null as unit_source_id
    from stg_netsuite__items

),

ranked as (

    select
        *,
        row_number() over (
            partition by system, sku
            order by length(product_source_id), product_source_id
        ) as product_rank
    from unioned
    where sku is not null

),

sold as (

    select
        system,
        sku,
        product_source_id,
        unit_source_id
    from ranked
    where product_rank = 1

)

select * from sold
