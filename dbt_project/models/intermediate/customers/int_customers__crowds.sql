{# One row per customer record of a crowd: of records with one name and address that are
   more than one customer has. A crowd is one question to a person and not one for each
   pair of its records, of which there would be millions. #}
{{ config(tags=['prepare']) }}

with int_customers__unioned as (

    select * from {{ ref('int_customers__unioned') }}
    where
        name_key is not null
        and postal_code_key is not null
        and street_key is not null

),

counted as (

    select
        system,
        record_key,
        md5(concat_ws('|', 'crowd', name_key, postal_code_key, street_key))
        as review_id,
        count(*) over (partition by name_key, postal_code_key, street_key)
        as record_count
    from int_customers__unioned

),

crowds as (

    select * from counted
    where record_count > {{ var('shared_value_limit') }}

)

select * from crowds
