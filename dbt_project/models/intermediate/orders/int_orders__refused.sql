{# One row per system and name of an order whose record there was refused: it is there
   already, though we cannot read it. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where
        stage = 'validate'
        and order_name is not null
        and resource in ('sales', 'sales_orders', 'deals')

),

named as (

    select
        system,
        order_name
    from stg_concord__dead_letters
    group by system, order_name

)

select * from named
