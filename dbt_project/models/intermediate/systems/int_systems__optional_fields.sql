{# One row per entity, field and system in use that may leave the field empty. #}
{{ config(tags=['prepare']) }}

{{ rules_by_system('optional_fields', keys=['entity', 'field']) }}

select distinct
    entity,
    field,
    system
from rules
