{{ config(materialized='view') }}

with stg_concord__plans as (

    select * from {{ ref('stg_concord__plans') }}

)

select * from stg_concord__plans
