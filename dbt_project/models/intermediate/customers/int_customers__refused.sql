{# One row per customer record that validation quarantined. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where stage = 'validate' and record_key is not null and {{ holds('customer') }}

),

named as (

    select
        system,
        record_key
    from stg_concord__dead_letters
    group by system, record_key

)

select * from named
