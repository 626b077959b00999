{# One row per customer record that its own system merged into another record. #}
{{ config(tags=['prepare']) }}

with unioned as (

    {{ all_records('customer_merges') }}

)

select * from unioned
