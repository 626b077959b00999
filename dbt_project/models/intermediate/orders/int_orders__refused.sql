{# One row per system and order name whose record in that system validation quarantined.
   The order exists there, although Concord cannot read it. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where
        stage = 'validate'
        and order_name is not null
        and {{ holds('order') }}

),

named as (

    select
        system,
        order_name
    from stg_concord__dead_letters
    group by system, order_name

)

select * from named
