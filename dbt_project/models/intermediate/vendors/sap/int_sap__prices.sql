{# One row per product with the price of one piece that counts today for every customer.
   A product with prices in two currencies has none. It is a table, because what counts
   today does not count every night. #}
{{ config(tags=['prepare']) }}

with stg_sap__prices as (

    select * from {{ ref('stg_sap__prices') }}
    where
        is_for_all
        and ({{ run_time() }} at time zone 'UTC')::date
        between valid_from_date and valid_to_date

),

stg_sap__products as (

    select * from {{ ref('stg_sap__products') }}

),

in_base_unit as (

    select
        prices.*,
        row_number() over (
            partition by prices.product_source_id
            order by prices.valid_from_date desc, prices.price_source_id asc
        ) as price_rank
    from stg_sap__prices as prices
    inner join stg_sap__products as products
        on prices.product_source_id = products.product_source_id
    where coalesce(prices.unit_code, products.unit_code) = products.unit_code

),

newest as (

    select
        product_source_id,
        max(unit_price) filter (where price_rank = 1) as price,
        max(changed_at) as changed_at
    from in_base_unit
    group by product_source_id
    having {{ is_one_currency('currency_code') }}

)

select * from newest
