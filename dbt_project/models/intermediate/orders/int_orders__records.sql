{# One row per order record of any system. #}
{{ config(tags=['marts', 'measure']) }}

with unioned as (

    {{ all_records('orders') }}

)

select * from unioned
