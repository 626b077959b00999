{# One row per golden record and field, with the record that comes first in
   field_ownership.csv of those that have a value, also if it cannot be read, or whose
   value was removed. `filled_by` are the systems that fill the field and `compared_by`
   those whose value can be read, `recorded_by` those that fill any field of the golden
   record: bits at a system's place. All is found by sorting the fields once. #}
{{ config(tags=['marts', 'measure']) }}

with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}

),

int_fields__removed as (

    select * from {{ ref('int_fields__removed') }}

),

field_ownership as (

    select * from {{ ref('int_systems__ownership') }}

),

candidates as (

    select
        *,
        case when comparison is null then 'unreadable' else 'readable' end as state
    from int_fields__unioned

    union all

    select
        entity,
        golden_id,
        system,
        record_key,
        field,
        null as value,
        comparison,
        null as amount,
        changed_at,
        'removed' as state
    from int_fields__removed

),

placed as (

    select
        candidates.*,
        field_ownership.ownership_rank,
        1::bigint << ({{ rank_of('candidates.system') }} - 1) as place
    from candidates
    left join field_ownership
        on
            candidates.entity = field_ownership.entity
            and candidates.field = field_ownership.field
            and candidates.system = field_ownership.system

),

ranked as (

    select
        *,
        row_number() over (
            partition by golden_id, entity, field
            order by ownership_rank, system, record_key
        ) as value_rank,
        bit_or(place) filter (where state <> 'removed') over same_field as filled_by,
        bit_or(place) filter (where state = 'readable') over same_field as compared_by,
        min(comparison) filter (where state = 'readable') over same_field
        = max(comparison) filter (where state = 'readable') over same_field
        as is_agreed,
        bit_or(place) filter (where state <> 'removed') over (
            partition by golden_id, entity
        ) as recorded_by
    from placed
    window same_field as (partition by golden_id, entity, field)

)

select
    entity,
    golden_id,
    field,
    system,
    record_key,
    value,
    comparison,
    amount,
    changed_at,
    state,
    ownership_rank,
    coalesce(filled_by, 0) as filled_by,
    coalesce(compared_by, 0) as compared_by,
    recorded_by,
    coalesce(is_agreed, false) and filled_by = compared_by as is_agreed
from ranked
where value_rank = 1
