{# One row per golden record, system and field, of all entities. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with unioned as (

    select * from {{ ref('int_customers__fields') }}

    union all

    select * from {{ ref('int_products__fields') }}

    union all

    select * from {{ ref('int_orders__fields') }}

)

select * from unioned
