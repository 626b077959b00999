{{ config(tags=['prepare']) }}

with int_customers__grey_pairs as (

    select * from {{ ref('int_customers__grey_pairs') }}

),

int_customers__linked as (

    select * from {{ ref('int_customers__linked') }}

),

int_customers__unioned as (

    select * from {{ ref('int_customers__unioned') }}

),

stg_concord__identities as (

    select * from {{ ref('stg_concord__identities') }}
    where entity = 'customer'

),

open_pairs as (

    select
        pairs.*,
        pairs.review_rule = 'same_email_other_name' as is_by_email
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

),

described as (

    select
        md5(
            concat_ws(
                '|',
                open_pairs.left_system,
                open_pairs.left_key,
                open_pairs.right_system,
                open_pairs.right_key,
                open_pairs.review_rule
            )
        ) as review_id,
        open_pairs.left_system,
        open_pairs.left_key,
        open_pairs.right_system,
        open_pairs.right_key,
        open_pairs.review_rule,
        left_records.record_name as left_name,
        right_records.record_name as right_name,
        case
            when open_pairs.is_by_email
                then 'Same e-mail address, but the names have nothing in common.'
            else 'Same name and address, but no e-mail, phone or number in common.'
        end as reason
    from open_pairs
    inner join int_customers__unioned as left_records
        on
            open_pairs.left_system = left_records.system
            and open_pairs.left_key = left_records.record_key
    inner join int_customers__unioned as right_records
        on
            open_pairs.right_system = right_records.system
            and open_pairs.right_key = right_records.record_key

)

select * from described
