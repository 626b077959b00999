{# One row per record and field that still has the value which was removed at its owner,
   where removals.csv lets the removal travel. Another value than that one is not
   emptied; it stays a discrepancy that asks a person. #}
{{ config(tags=['marts']) }}

with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}

),

int_fields__decided as (

    select * from {{ ref('int_fields__decided') }}
    where state = 'removed'

),

removals as (

    select * from {{ ref('removals') }}
    where removal = 'travels'

),

travelling as (

    select
        held.entity,
        held.golden_id,
        held.field,
        held.system,
        held.record_key,
        removed.system as golden_system
    from int_fields__decided as removed
    inner join removals
        on removed.entity = removals.entity and removed.field = removals.field
    inner join int_fields__unioned as held
        on
            removed.entity = held.entity
            and removed.golden_id = held.golden_id
            and removed.field = held.field
            and removed.comparison = held.comparison

)

select * from travelling
