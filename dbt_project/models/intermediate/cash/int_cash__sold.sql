{# One row per order name of which the first ERP has a sale. #}
{{ config(tags=['measure'], materialized='view') }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where {{ leads('system', 'erp') }}

),

counted as (

    select
        order_name,
        count(*) filter (where not is_cancelled) as sale_quantity,
        max(total_amount) filter (where is_primary) as sale_amount
    from int_orders__identified
    group by order_name

)

select * from counted
