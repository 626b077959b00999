{# One row per record and field about which a person decides: the record's value cannot
   be read and is not corrected, or the record still has the value that was removed from
   the record that owns the field. #}
{{ config(tags=['marts', 'measure']) }}

with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}

),

int_fields__decided as (

    select * from {{ ref('int_fields__decided') }}

),

int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}

),

field_ownership as (

    select * from {{ ref('int_systems__ownership') }}

),

open_fields as (

    select
        held.*,
        decided.system as golden_system,
        'removed' as cause
    from int_fields__decided as decided
    inner join int_fields__unioned as held
        on
            decided.entity = held.entity
            and decided.golden_id = held.golden_id
            and decided.field = held.field
    where decided.state = 'removed' and held.comparison is not null

    union all

    select
        held.*,
        decided.system as golden_system,
        'unreadable' as cause
    from int_fields__unioned as held
    left join int_fields__decided as decided
        on
            held.entity = decided.entity
            and held.golden_id = decided.golden_id
            and held.field = decided.field
    where held.comparison is null

),

undecided as (

    select
        held.entity,
        held.golden_id,
        held.field,
        held.system,
        held.record_key,
        held.golden_system,
        held.value as system_value,
        null as golden_value,
        held.cause
    from open_fields as held
    inner join field_ownership
        on
            held.entity = field_ownership.entity
            and held.field = field_ownership.field
            and held.system = field_ownership.system
    left join int_fields__disagreements as wanted
        on
            held.entity = wanted.entity
            and held.golden_id = wanted.golden_id
            and held.field = wanted.field
            and held.system = wanted.system
    where wanted.field is null

)

select * from undecided
