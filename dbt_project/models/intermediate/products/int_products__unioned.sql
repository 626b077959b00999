{# One row per product record of any system. #}
{{ config(tags=['prepare']) }}

with unioned as (

    {{ all_records('products') }}

)

select * from unioned
