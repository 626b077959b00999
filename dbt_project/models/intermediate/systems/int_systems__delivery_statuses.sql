{# One row per system in use and delivery status, with our status for it and whether
   Concord writes this one. #}
{{ config(tags=['prepare']) }}

{{ rules_by_system(
    'delivery_statuses', keys=['source_status'], kept=['delivery_status', 'is_written']
) }}

select
    system,
    source_status,
    min(delivery_status) as delivery_status,
    bool_or(is_written) as is_written
from rules
where preference = 1
group by system, source_status
