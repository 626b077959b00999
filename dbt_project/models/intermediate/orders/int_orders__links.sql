{# One row per order record of any system that carries the name of an order, with that
   name, and with the time from which what it lacks counts as lacking. #}
{{
    config(
        tags=['marts', 'measure'],
        meta={'touched': [{'record': ['system', 'record_key'], 'of': 'order'}]},
        indexes=[{'columns': ['order_name']}, {'columns': ['settled_at']}]
    )
}}

with int_orders__unioned as (

    select * from {{ ref('int_orders__unioned') }}

)

select
    system,
    record_key,
    order_name,
    ordered_at + interval '{{ var("settling_hours") }} hours' as settled_at
from int_orders__unioned
