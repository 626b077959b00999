{# One row per order of the wholesale department's host. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with orders as (

    {{ all_records('wholesale_orders') | indent(4) }}

)

select orders.*
from orders
inner join {{ ref('int_wholesale__systems') }} as systems
    on orders.system = systems.host
