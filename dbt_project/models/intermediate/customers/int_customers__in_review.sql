{# One row per golden customer that may be the same as another one. Nothing is created
   for it until a person has decided. #}
{{ config(tags=['marts', 'measure']) }}

with identity_reviews as (

    select * from {{ ref('identity_reviews') }}

),

members as (

    select customer_id as golden_id from identity_reviews

    union

    select other_customer_id as golden_id from identity_reviews

)

select * from members
