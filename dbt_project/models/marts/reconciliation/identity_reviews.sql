{# One question for a person: are these two golden customers one? One pair of their
   records says why it is asked. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__open_pairs as (

    select * from {{ ref('int_customers__open_pairs') }}

),

identity_decisions as (

    select * from {{ ref('identity_decisions') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

decided as (

    select
        least(one.golden_id, other.golden_id) as customer_id,
        greatest(one.golden_id, other.golden_id) as other_customer_id
    from identity_decisions as decisions
    inner join int_customers__identified as one
        on
            decisions.left_system = one.system
            and decisions.left_key = one.record_key
    inner join int_customers__identified as other
        on
            decisions.right_system = other.system
            and decisions.right_key = other.record_key

),

described as (

    select
        pairs.*,
        one.record_name as left_name,
        other.record_name as right_name,
        least(one.golden_id, other.golden_id) as customer_id,
        greatest(one.golden_id, other.golden_id) as other_customer_id
    from int_customers__open_pairs as pairs
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
        count(*) over (partition by customer_id, other_customer_id) as record_pairs,
        row_number() over (
            partition by customer_id, other_customer_id
            order by review_rule, left_system, left_key, right_system, right_key
        ) as pair_rank
    from described
    where (customer_id, other_customer_id) not in (
        select
            decided.customer_id,
            decided.other_customer_id
        from decided
    )

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
    where pair_rank = 1

)

select * from questions
