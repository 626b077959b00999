{{ config(materialized='view') }}

with stg_concord__batches as (

    select * from {{ ref('stg_concord__batches') }}

)

select * from stg_concord__batches
