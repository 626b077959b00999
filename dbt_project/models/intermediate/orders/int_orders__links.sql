{# One row per order record of any system that carries the name of an order, with that
   name, and with the time from which what it lacks counts as lacking. A host of the
   wholesale department is handed an order of a shop from one day until another. #}
{{
    config(
        tags=['marts', 'measure'],
        meta={'touched': [{'record': ['system', 'record_key'], 'of': 'order'}]},
        indexes=[
            {'columns': ['order_name']}, {'columns': ['settled_at']},
            {'columns': ['handed_over_from']}, {'columns': ['handed_over_until']}
        ]
    )
}}

{% set has_host = systems_of('wholesale_host') %}
{% set is_handed_over = plays('system', 'shop') if has_host else 'false' %}
{% set days = var('handed_over_days') %}

with int_orders__unioned as (

    select * from {{ ref('int_orders__unioned') }}

)

select
    system,
    record_key,
    order_name,
    ordered_at + interval '{{ var("settling_hours") }} hours' as settled_at,
    case when {{ is_handed_over }} then order_date::date - 1 end as handed_over_from,
    case when {{ is_handed_over }} then order_date::date + {{ days }} end
    as handed_over_until
from int_orders__unioned
