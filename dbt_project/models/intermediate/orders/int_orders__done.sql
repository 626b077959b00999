{# One row per order that an ERP calls done, with the first of these. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_orders__records as (

    select * from {{ ref('int_orders__records') }}
    where {{ plays('system', 'erp') }} and is_done

)

select
    order_name,
    {{ first_by('system', rank_of('system')) }} as system
from int_orders__records
group by order_name
