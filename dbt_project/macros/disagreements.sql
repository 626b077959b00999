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

{# The fields that a record lacks and its golden record has. Which fields a record fills is a bit string, so that what
   it lacks is found without a row for each field that it could have. #}
{% macro lacking_fields() -%}
bits as (

    select
        entity,
        field,
        (dense_rank() over (
            partition by entity
            order by field
        ) - 1)::integer as bit
    from compared_fields
    group by entity, field

),

records as (

    select
        held.entity,
        held.golden_id,
        held.system,
        min(held.record_key) as record_key,
        bit_or(set_bit(0::bit(256), coalesce(bits.bit, 255), 1)) as filled
    from int_fields__unioned as held
    left join bits on held.entity = bits.entity and held.field = bits.field
    group by held.entity, held.golden_id, held.system

),

golden_records as materialized (

    select
        golden.entity,
        golden.golden_id,
        bit_or(set_bit(0::bit(256), bits.bit, 1)) as filled
    from int_fields__golden as golden
    inner join bits on golden.entity = bits.entity and golden.field = bits.field
    group by golden.entity, golden.golden_id

),

required as (

    select
        compared_fields.entity,
        compared_fields.system,
        bit_or(set_bit(0::bit(256), bits.bit, 1)) as filled
    from compared_fields
    inner join bits
        on
            compared_fields.entity = bits.entity
            and compared_fields.field = bits.field
    where compared_fields.is_required
    group by compared_fields.entity, compared_fields.system

),

lacked as materialized (

    select
        records.entity,
        records.golden_id,
        records.system,
        records.record_key,
        golden_records.filled & required.filled & ~records.filled as lacked
    from records
    inner join golden_records
        on
            records.entity = golden_records.entity
            and records.golden_id = golden_records.golden_id
    inner join required
        on records.entity = required.entity and records.system = required.system
    where
        golden_records.filled & required.filled & ~records.filled <> 0::bit(256)

),

lacking as (

    select
        lacking.entity,
        lacking.golden_id,
        lacking.system,
        lacking.record_key,
        bits.field
    from lacked as lacking
    inner join bits
        on lacking.entity = bits.entity and get_bit(lacking.lacked, bits.bit) = 1

)
{%- endmacro %}
