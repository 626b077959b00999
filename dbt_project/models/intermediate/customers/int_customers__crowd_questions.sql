{# One row per crowd whose records are of several golden customers, with the first
   record of the first and of the last of them. A decision on any two records of the
   crowd answers the question. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__crowds as (

    select * from {{ ref('int_customers__crowds') }}

),

answered as (

    select one.review_id
    from {{ ref('identity_decisions') }} as decisions
    inner join int_customers__crowds as one
        on decisions.left_system = one.system and decisions.left_key = one.record_key
    inner join int_customers__crowds as other
        on
            decisions.right_system = other.system
            and decisions.right_key = other.record_key
            and one.review_id = other.review_id
    group by one.review_id

),

ranked as (

    select
        crowds.review_id,
        crowds.record_count,
        customers.golden_id,
        customers.system,
        customers.record_key,
        customers.record_name,
        row_number() over (
            partition by crowds.review_id
            order by customers.golden_id, customers.system, customers.record_key
        ) as first_rank,
        row_number() over (
            partition by crowds.review_id
            order by
                customers.golden_id desc, customers.system asc, customers.record_key asc
        ) as last_rank
    from int_customers__crowds as crowds
    inner join {{ ref('int_customers__identified') }} as customers
        on
            crowds.system = customers.system
            and crowds.record_key = customers.record_key
    left join answered on crowds.review_id = answered.review_id
    where answered.review_id is null

),

questions as (

    select
        one.review_id,
        one.record_count,
        one.golden_id as customer_id,
        other.golden_id as other_customer_id,
        one.system as left_system,
        one.record_key as left_key,
        other.system as right_system,
        other.record_key as right_key,
        one.record_name as left_name,
        other.record_name as right_name
    from ranked as one
    inner join ranked as other on one.review_id = other.review_id
    where
        one.first_rank = 1
        and other.last_rank = 1
        and one.golden_id <> other.golden_id

)

select * from questions
