{# One row per customer record of the shop that validation quarantined. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where
        stage = 'validate'
        and system = 'shopify'
        and resource = 'customers'
        and record_key is not null

),

named as (

    select record_key
    from stg_concord__dead_letters
    group by record_key

)

select * from named
