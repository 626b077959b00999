{# The entities, fields and systems in use whose values are compared: the system holds the field, and it is read.
   `is_required`: a value that is not there is missing. Its imports are those of int_fields__disagreements. #}
{% macro compared_fields() -%}
compared_fields as (

    select
        field_ownership.entity,
        field_ownership.field,
        field_ownership.system,
        tolerances.tolerated_amount,
        optional_fields.system is null as is_required
    from field_ownership
    left join tolerances
        on
            field_ownership.entity = tolerances.entity
            and field_ownership.field = tolerances.field
    left join optional_fields
        on
            field_ownership.entity = optional_fields.entity
            and field_ownership.field = optional_fields.field
            and field_ownership.system = optional_fields.system
    left join {{ ref('stg_concord__unread_fields') }} as unread_fields
        on
            field_ownership.field = unread_fields.field
            and field_ownership.system = unread_fields.system
    left join {{ ref('int_systems__unheld_fields') }} as unheld_fields
        on
            field_ownership.entity = unheld_fields.entity
            and field_ownership.field = unheld_fields.field
            and field_ownership.system = unheld_fields.system
    where unread_fields.system is null and unheld_fields.system is null

)
{%- endmacro %}

{# The fields that golden records have and records of a system lack, and the keys of these records. Its imports are
   those of int_fields__disagreements. #}
{% macro lacking_fields() -%}
lacked as (

    select
        golden.*,
        compared_fields.system as lacking_system
    from int_fields__golden as golden
    inner join compared_fields
        on
            golden.entity = compared_fields.entity
            and golden.field = compared_fields.field
    where
        golden.lacked_by <> 0
        and golden.lacked_by >> ({{ rank_of('compared_fields.system') }} - 1) & 1 = 1
        and compared_fields.is_required

),

records as (

    select
        entity,
        golden_id,
        system,
        min(record_key) as record_key
    from int_fields__unioned
    where
        (entity, golden_id, system) in (
            select
                entity,
                golden_id,
                lacking_system
            from lacked
        )
    group by entity, golden_id, system

)
{%- endmacro %}
