{# One row per order of the shop, with the id that the ledger's import gives it: the
   letters, digits, _ and - of its name. Order names that would share an id are left
   out. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_shopify__orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

derived as (

    select
        order_name,
        '{{ var("ledger_order_prefix") }}'
        || regexp_replace(order_name, '[^A-Za-z0-9_-]', '', 'g') as external_id
    from stg_shopify__orders
    where order_name is not null
    group by order_name

),

counted as (

    select
        *,
        count(*) over (partition by external_id) as name_count
    from derived

),

told_apart as (

    select
        order_name,
        external_id
    from counted
    where name_count = 1

)

select * from told_apart
