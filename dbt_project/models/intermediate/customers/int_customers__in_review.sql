{# One row per golden customer that may be the same as another one; nothing is
   created for it until a person has decided. #}
{{ config(tags=['marts', 'measure']) }}

with identity_reviews as (

    select * from {{ ref('identity_reviews') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

pairs as (

    select
        one.golden_id as one_golden_id,
        other.golden_id as other_golden_id
    from identity_reviews
    inner join int_customers__identified as one
        on
            identity_reviews.left_system = one.system
            and identity_reviews.left_key = one.record_key
    inner join int_customers__identified as other
        on
            identity_reviews.right_system = other.system
            and identity_reviews.right_key = other.record_key
    where one.golden_id <> other.golden_id

),

members as (

    select one_golden_id as golden_id from pairs

    union

    select other_golden_id as golden_id from pairs

)

select * from members
