{# One row per pair of records that a person has to judge: they are too similar to
   ignore and not similar enough to join. Records of a crowd are in no pair. #}
{{ config(tags=['prepare']) }}

with int_customers__crowds as (

    select * from {{ ref('int_customers__crowds') }}

),

int_customers__unioned as (

    select customers.*
    from {{ ref('int_customers__unioned') }} as customers
    left join int_customers__crowds as crowds
        on
            customers.system = crowds.system
            and customers.record_key = crowds.record_key
    where crowds.record_key is null

),

int_customers__email_pairs as (

    select * from {{ ref('int_customers__email_pairs') }}
    where not is_same_customer

),

found as (

    select
        one.system as left_system,
        one.record_key as left_key,
        other.system as right_system,
        other.record_key as right_key,
        'same_name_and_address' as review_rule
    from int_customers__unioned as one
    inner join int_customers__unioned as other
        on
            one.name_key = other.name_key
            and one.postal_code_key = other.postal_code_key
            and one.street_key = other.street_key
    where (one.system, one.record_key) < (other.system, other.record_key)

    union all

    select
        left_system,
        left_key,
        right_system,
        right_key,
        'same_email_other_name' as review_rule
    from int_customers__email_pairs

)

select * from found
