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
