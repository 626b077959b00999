{# One row per pair of customer records that belong to the same customer. The rules form
   a ladder, from keys that records carry to values that two records share; a pair is
   named by the first rule that joins it. #}
{{ config(tags=['prepare']) }}

with int_customers__pairs as (

    select * from {{ ref('int_customers__pairs') }}

),

match_rules as (

    select * from {{ ref('match_rules') }}

),

ranked as (

    select
        pairs.*,
        match_rules.match_confidence,
        row_number() over (
            partition by
                pairs.left_system, pairs.left_key, pairs.right_system, pairs.right_key
            order by match_rules.rung, pairs.match_rule
        ) as rule_rank
    from int_customers__pairs as pairs
    inner join match_rules on pairs.match_rule = match_rules.match_rule

),

linked as (

    select
        left_system,
        left_key,
        right_system,
        right_key,
        match_rule,
        match_confidence
    from ranked
    where rule_rank = 1

)

select * from linked
