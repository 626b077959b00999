{# One row per pair of records and rule that joins it. The smaller record is on the
   left. #}
{{ config(tags=['prepare']) }}

with key_pairs as (

    select * from {{ ref('int_customers__key_pairs') }}

    union all

    select * from {{ ref('int_customers__merged_pairs') }}

    union all

    select * from {{ ref('int_customers__decided_pairs') }}

),

int_customers__email_pairs as (

    select * from {{ ref('int_customers__email_pairs') }}
    where is_same_customer

),

int_customers__phone_pairs as (

    select * from {{ ref('int_customers__phone_pairs') }}

),

found as (

    select
        match_rule,
        one_system as left_system,
        one_key as left_key,
        other_system as right_system,
        other_key as right_key
    from key_pairs
    where (one_system, one_key) < (other_system, other_key)

    union all

    select
        match_rule,
        other_system as left_system,
        other_key as left_key,
        one_system as right_system,
        one_key as right_key
    from key_pairs
    where (one_system, one_key) > (other_system, other_key)

    union all

    select
        'same_email' as match_rule,
        left_system,
        left_key,
        right_system,
        right_key
    from int_customers__email_pairs

    union all

    select
        'same_phone_and_name' as match_rule,
        left_system,
        left_key,
        right_system,
        right_key
    from int_customers__phone_pairs

)

select * from found
