{# One row per system in use, status of an order and further status of ours that it
   may also mean. #}
{{ config(tags=['prepare']) }}

{{ rules_by_system('further_statuses', keys=['source_status'], kept=['order_status']) }}

select distinct
    system,
    source_status,
    order_status
from rules
where preference = 1
