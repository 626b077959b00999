{{ config(tags=['prepare', 'measure']) }}

with stg_shopify__products as (

    select * from {{ ref('stg_shopify__products') }}

),

stg_tryton__products as (

    select * from {{ ref('stg_tryton__products') }}

),

unioned as (

    select
        'shopify' as system,
        product_source_id as record_key,
        null as unit_source_id,
        sku,
        product_name,
        price,
        changed_at
    from stg_shopify__products

    union all

    select
        'tryton' as system,
        product_source_id as record_key,
        unit_source_id,
        sku,
        product_name,
        list_price as price,
        changed_at
    from stg_tryton__products

)

select * from unioned
