{# One row per system in use and status of an order, with our status for it. A new
   order of the system begins in the status that `is_initial` marks. #}
{{ config(tags=['prepare']) }}

{{ rules_by_system(
    'order_statuses', keys=['source_status'], kept=['order_status', 'is_initial']
) }}

select
    system,
    source_status,
    min(order_status) as order_status,
    bool_or(is_initial) as is_initial
from rules
where preference = 1
group by system, source_status
