{# One row per customer record with an e-mail address. `is_shared`: one system has the
   address under two names. `is_crowded`: more records have the address than one
   customer can have. #}
{{ config(tags=['prepare']) }}

with int_customers__unioned as (

    select * from {{ ref('int_customers__unioned') }}
    where email is not null

),

per_system as (

    select
        email,
        system,
        count(*) as record_count,
        count(distinct person_key) as name_count
    from int_customers__unioned
    group by email, system

),

per_email as (

    select
        email,
        max(name_count) > 1 as is_shared,
        sum(record_count) > {{ var('shared_value_limit') }} as is_crowded
    from per_system
    group by email

),

joined as (

    select
        customers.system,
        customers.record_key,
        customers.email,
        customers.customer_kind,
        customers.name_key,
        customers.person_key,
        per_email.is_shared,
        per_email.is_crowded
    from int_customers__unioned as customers
    inner join per_email on customers.email = per_email.email

)

select * from joined
