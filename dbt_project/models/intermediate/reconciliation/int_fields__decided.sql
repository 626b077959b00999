{# One row per golden record and field, with the record that decides it: that of the
   first system in field_ownership.csv that has a value, also if the value cannot be
   read, or whose value was removed. Only `state` readable is a golden value; of a value
   that was removed `comparison` remains. Nothing decides behind a system that was never
   read, or whose record was set aside. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_fields__compared as (

    select * from {{ ref('int_fields__compared') }}

),

int_fields__unheard as (

    select * from {{ ref('int_fields__unheard') }}

),

int_fields__withheld as (

    select * from {{ ref('int_fields__withheld') }}

),

decided as (

    select
        compared.entity,
        compared.golden_id,
        compared.field,
        compared.system,
        compared.record_key,
        compared.value,
        compared.comparison,
        case
            when compared.ownership_rank = 1 then 'owner' else 'next_owner'
        end as source_rule,
        compared.state,
        compared.amount,
        compared.changed_at,
        compared.is_agreed,
        compared.recorded_by & ~compared.filled_by as lacked_by
    from int_fields__compared as compared
    left join int_fields__unheard
        on
            compared.entity = int_fields__unheard.entity
            and compared.field = int_fields__unheard.field
    left join int_fields__withheld
        on
            compared.entity = int_fields__withheld.entity
            and compared.golden_id = int_fields__withheld.golden_id
            and compared.field = int_fields__withheld.field
    where
        compared.ownership_rank < coalesce(
            least(int_fields__unheard.first_rank, int_fields__withheld.first_rank),
            compared.ownership_rank + 1
        )

)

select * from decided
