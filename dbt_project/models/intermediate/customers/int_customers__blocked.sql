{# One row per customer record for which its system accepts no new order. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_customers__records as (

    select * from {{ ref('int_customers__records') }}
    where is_blocked

)

select
    system,
    record_key
from int_customers__records
