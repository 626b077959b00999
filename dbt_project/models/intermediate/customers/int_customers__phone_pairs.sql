{# One row per pair of records with the same phone number and the same name. A number of
   a household joins no records, because the names differ. #}
{{ config(tags=['prepare']) }}

with int_customers__unioned as (

    select * from {{ ref('int_customers__unioned') }}
    where phone is not null

),

names as (

    select
        system,
        record_key,
        phone,
        name_key as any_name
    from int_customers__unioned
    where name_key is not null

    union

    select
        system,
        record_key,
        phone,
        person_key as any_name
    from int_customers__unioned
    where person_key is not null

),

uses as (

    select
        *,
        count(*) over (partition by phone, any_name)
        > {{ var('shared_value_limit') }} as is_crowded
    from names

),

pairs as (

    select
        one.system as left_system,
        one.record_key as left_key,
        other.system as right_system,
        other.record_key as right_key
    from uses as one
    inner join uses as other
        on one.phone = other.phone and one.any_name = other.any_name
    where
        not one.is_crowded
        and (one.system, one.record_key) < (other.system, other.record_key)
    group by one.system, one.record_key, other.system, other.record_key

)

select * from pairs
