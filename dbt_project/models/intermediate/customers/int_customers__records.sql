{# One row per customer record of any system; the three have the same columns in the
   same order. #}
{{ config(tags=['prepare', 'measure']) }}

with unioned as (

    select * from {{ ref('int_customers__shop_records') }}

    union all

    select * from {{ ref('int_customers__accounts_with_contacts') }}

    union all

    select * from {{ ref('int_customers__parties_with_parts') }}

)

select * from unioned
