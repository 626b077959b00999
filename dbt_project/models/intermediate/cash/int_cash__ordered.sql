{# One row per order of a shop, with the number of pieces in its lines. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with lines as (

    {{ all_records('order_lines') | indent(4) }}

)

select
    system,
    order_record_key,
    sum(quantity) as ordered_quantity
from lines
where {{ plays('system', 'shop') }}
group by system, order_record_key
