{# One row per system in use and status of ours, with the system's word for it. #}
{{ config(tags=['prepare']) }}

{{ rules_by_system('written_statuses', keys=['order_status'], kept=['source_status']) }}

select
    system,
    order_status,
    min(source_status) as source_status
from rules
where preference = 1
group by system, order_status
