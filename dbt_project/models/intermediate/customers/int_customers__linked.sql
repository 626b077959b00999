{# The ladder, from a key that somebody wrote down to values that two records share;
   the first rule that joins a pair names it. #}
{{ config(tags=['prepare']) }}

with int_customers__key_pairs as (

    select * from {{ ref('int_customers__key_pairs') }}

),

int_customers__email_pairs as (

    select * from {{ ref('int_customers__email_pairs') }}
    where is_same_customer

),

int_customers__phone_pairs as (

    select * from {{ ref('int_customers__phone_pairs') }}

),

match_rules as (

    select * from {{ ref('match_rules') }}

),

found as (

    select
        match_rule,
        one_system,
        one_key,
        other_system,
        other_key
    from int_customers__key_pairs
    where (one_system, one_key) < (other_system, other_key)

    union all

    select
        match_rule,
        other_system,
        other_key,
        one_system,
        one_key
    from int_customers__key_pairs
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

),

ranked as (

    select
        found.*,
        match_rules.match_confidence,
        row_number() over (
            partition by
                found.one_system, found.one_key, found.other_system, found.other_key
            order by match_rules.rung, found.match_rule
        ) as rule_rank
    from found
    inner join match_rules on found.match_rule = match_rules.match_rule

),

linked as (

    select
        one_system as left_system,
        one_key as left_key,
        other_system as right_system,
        other_key as right_key,
        match_rule,
        match_confidence
    from ranked
    where rule_rank = 1

)

select * from linked
