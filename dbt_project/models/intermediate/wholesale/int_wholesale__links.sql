{# One row per live order of the wholesale department's host, with the time from which
   the CRM counts as lacking it. #}
{{
    config(
        enabled=systems_of('wholesale_host') | length > 0,
        tags=['marts', 'measure'],
        meta={'touched': [{'entity': "'wholesale_order'", 'id': 'order_number'}]},
        indexes=[{'columns': ['settled_at']}]
    )
}}

with int_wholesale__orders as (

    select * from {{ ref('int_wholesale__orders') }}

)

select
    order_number,
    changed_at + interval '{{ var("settling_hours") }} hours' as settled_at
from int_wholesale__orders
