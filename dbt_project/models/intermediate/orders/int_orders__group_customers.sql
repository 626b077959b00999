{# One row per system and group of its customer records, such as a company's
   contacts, that are all one customer. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where group_key is not null

)

select
    system,
    group_key,
    min(golden_id) as golden_id
from int_customers__identified
group by system, group_key
having count(distinct golden_id) = 1
