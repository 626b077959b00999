{# One row per pair of customer records that no rule joins and nobody has decided on. #}
{{ config(tags=['prepare']) }}

with int_customers__grey_pairs as (

    select * from {{ ref('int_customers__grey_pairs') }}

),

int_customers__linked as (

    select * from {{ ref('int_customers__linked') }}

),

stg_concord__identities as (

    select * from {{ ref('stg_concord__identities') }}
    where entity = 'customer'

),

undecided as (

    select pairs.*
    from int_customers__grey_pairs as pairs
    left join int_customers__linked as linked
        on
            pairs.left_system = linked.left_system
            and pairs.left_key = linked.left_key
            and pairs.right_system = linked.right_system
            and pairs.right_key = linked.right_key
    left join stg_concord__identities as one
        on pairs.left_system = one.system and pairs.left_key = one.record_key
    left join stg_concord__identities as other
        on pairs.right_system = other.system and pairs.right_key = other.record_key
    where
        linked.match_rule is null
        and (one.golden_id = other.golden_id) is not true

)

select * from undecided
