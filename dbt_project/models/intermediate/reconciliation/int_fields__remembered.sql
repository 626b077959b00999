{# One row per golden record and field, with the record that decided it when the systems
   were last reconciled: what int_fields__decided says tonight, for the next night. #}
{{
    config(
        tags=['marts', 'measure'],
        meta={'touched': [{'entity': 'entity', 'id': 'golden_id'}]},
        indexes=[{'columns': ['record_key']}]
    )
}}

with int_fields__decided as (

    select * from {{ ref('int_fields__decided') }}

)

select
    entity,
    golden_id,
    field,
    system,
    record_key,
    comparison,
    changed_at
from int_fields__decided
