{# One row per pair of records with the same e-mail address. `is_same_customer` says
   whether their names allow it: a shared address needs the same whole name, an address
   of a family or a company only a part of it. #}
{{ config(tags=['prepare']) }}

with int_customers__email_uses as (

    select * from {{ ref('int_customers__email_uses') }}
    where not is_crowded

),

pairs as (

    select
        one.system as left_system,
        one.record_key as left_key,
        other.system as right_system,
        other.record_key as right_key,
        coalesce(
            one.name_key in (other.name_key, other.person_key)
            or one.person_key in (other.name_key, other.person_key),
            false
        ) as has_same_name,
        coalesce(
            string_to_array(concat_ws(' ', one.name_key, one.person_key), ' ')
            && string_to_array(concat_ws(' ', other.name_key, other.person_key), ' ')
            or 'company' in (one.customer_kind, other.customer_kind),
            false
        ) as has_similar_name,
        one.is_shared
    from int_customers__email_uses as one
    inner join int_customers__email_uses as other on one.email = other.email
    where (one.system, one.record_key) < (other.system, other.record_key)

),

judged as (

    select
        left_system,
        left_key,
        right_system,
        right_key,
        has_same_name or (has_similar_name and not is_shared) as is_same_customer
    from pairs

)

select * from judged
