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

undecided as (

    select
        held.entity,
        held.golden_id,
        held.field,
        held.system,
        held.record_key,
        decided.system as golden_system,
        held.value as system_value,
        null as golden_value,
        case when held.comparison is null then 'unreadable' else 'removed' end as cause
    from int_fields__unioned as held
    inner join field_ownership
        on
            held.entity = field_ownership.entity
            and held.field = field_ownership.field
            and held.system = field_ownership.system
    left join int_fields__decided as decided
        on
            held.entity = decided.entity
            and held.golden_id = decided.golden_id
            and held.field = decided.field
    left join int_fields__disagreements as wanted
        on
            held.entity = wanted.entity
            and held.golden_id = wanted.golden_id
            and held.field = wanted.field
            and held.system = wanted.system
    where
        wanted.field is null
        and (held.comparison is null or decided.state = 'removed')

)

select * from undecided
