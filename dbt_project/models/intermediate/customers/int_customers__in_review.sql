{# One row per golden customer that may be the same as another one, as are all of a
   crowd. Nothing is created for it until a person has decided. #}
{{ config(tags=['marts', 'measure']) }}

with identity_reviews as (

    select * from {{ ref('identity_reviews') }}

),

members as (

    select customer_id as golden_id from identity_reviews

    union

    select other_customer_id as golden_id from identity_reviews

    union

    select customers.golden_id
    from {{ ref('int_customers__crowds') }} as crowds
    inner join identity_reviews on crowds.review_id = identity_reviews.review_id
    inner join {{ ref('int_customers__identified') }} as customers
        on
            crowds.system = customers.system
            and crowds.record_key = customers.record_key

)

select * from members
