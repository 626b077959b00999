{# One row per golden record and field, with the record that decides it: that of the
   first system in field_ownership.csv that has a value, also if the value cannot be
   read, or whose value was removed. Only `state` readable is a golden value; of a value
   that was removed `comparison` remains. Nothing decides behind a system that was never
   read, or whose record was set aside. #}
{{ config(tags=['marts', 'measure']) }}

with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}

),

int_fields__removed as (

    select * from {{ ref('int_fields__removed') }}

),

int_fields__unheard as (

    select * from {{ ref('int_fields__unheard') }}

),

int_fields__withheld as (

    select * from {{ ref('int_fields__withheld') }}

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

ranked as (

    select
        candidates.*,
        field_ownership.ownership_rank,
        row_number() over (
            partition by candidates.entity, candidates.golden_id, candidates.field
            order by
                field_ownership.ownership_rank, candidates.system, candidates.record_key
        ) as value_rank
    from candidates
    inner join field_ownership
        on
            candidates.entity = field_ownership.entity
            and candidates.field = field_ownership.field
            and candidates.system = field_ownership.system
    left join int_fields__unheard
        on
            candidates.entity = int_fields__unheard.entity
            and candidates.field = int_fields__unheard.field
    left join int_fields__withheld
        on
            candidates.entity = int_fields__withheld.entity
            and candidates.golden_id = int_fields__withheld.golden_id
            and candidates.field = int_fields__withheld.field
    where
        field_ownership.ownership_rank < coalesce(
            least(int_fields__unheard.first_rank, int_fields__withheld.first_rank),
            field_ownership.ownership_rank + 1
        )

),

decided as (

    select
        entity,
        golden_id,
        field,
        system,
        record_key,
        value,
        comparison,
        case when ownership_rank = 1 then 'owner' else 'next_owner' end as source_rule,
        state,
        amount,
        changed_at
    from ranked
    where value_rank = 1

)

select * from decided
