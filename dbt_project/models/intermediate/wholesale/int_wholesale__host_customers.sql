{# One row per company that the wholesale department's host knows. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with customers as (

    {{ all_records('wholesale_customers') | indent(4) }}

)

select customers.*
from customers
inner join {{ ref('int_wholesale__systems') }} as systems
    on customers.system = systems.host
