{# One row per order of the CRM that came from the wholesale department, including
   deleted orders. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with orders as (

    {{ all_records('crm_wholesale_orders') | indent(4) }}

)

select orders.*
from orders
inner join {{ ref('int_wholesale__systems') }} as systems
    on orders.system = systems.crm
