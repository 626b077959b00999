{# A row asks a person whether two golden customers are the same. One pair of their
   records shows why the question arises; a decision on any pair of them answers it. So
   does one on any pair of a crowd, which is one question. #}
{{ config(tags=['marts', 'measure']) }}

with pairs as (

    select
        left_system,
        left_key,
        right_system,
        right_key,
        review_rule
    from {{ ref('int_customers__grey_pairs') }}

    union all

    select
        left_system,
        left_key,
        right_system,
        right_key,
        'decided' as review_rule
    from {{ ref('identity_decisions') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

described as (

    select
        pairs.*,
        one.record_name as left_name,
        other.record_name as right_name,
        least(one.golden_id, other.golden_id) as customer_id,
        greatest(one.golden_id, other.golden_id) as other_customer_id
    from pairs
    inner join int_customers__identified as one
        on
            pairs.left_system = one.system
            and pairs.left_key = one.record_key
    inner join int_customers__identified as other
        on
            pairs.right_system = other.system
            and pairs.right_key = other.record_key
    where one.golden_id <> other.golden_id

),

ranked as (

    select
        *,
        count(*) over by_customers as record_pairs,
        bool_or(review_rule = 'decided') over by_customers as is_decided,
        row_number() over (
            by_customers
            order by review_rule, left_system, left_key, right_system, right_key
        ) as pair_rank
    from described
    window by_customers as (partition by customer_id, other_customer_id)

),

questions as (

    select
        md5(concat_ws('|', customer_id, other_customer_id)) as review_id,
        customer_id,
        other_customer_id,
        left_system,
        left_key,
        right_system,
        right_key,
        review_rule,
        left_name,
        right_name,
        record_pairs,
        case
            when review_rule = 'same_email_other_name'
                then 'Same e-mail address, but the names have nothing in common.'
            else 'Same name and address, but no e-mail, phone or number in common.'
        end as reason
    from ranked
    where pair_rank = 1 and not is_decided

    union all

    select
        review_id,
        customer_id,
        other_customer_id,
        left_system,
        left_key,
        right_system,
        right_key,
        'crowd_at_one_address' as review_rule,
        left_name,
        right_name,
        record_count * (record_count - 1) / 2 as record_pairs,
        record_count || ' records have this name and address, more than one customer '
        || 'has. Is it a placeholder? The answer is for all of them.' as reason
    from {{ ref('int_customers__crowd_questions') }}

)

select * from questions
