{# One row per pair of product records with the same sku. Each record is paired with the
   first one, which is enough to make them one product. #}
{{ config(tags=['prepare']) }}

with int_products__unioned as (

    select * from {{ ref('int_products__unioned') }}
    where sku is not null

),

match_rules as (

    select * from {{ ref('match_rules') }}
    where match_rule = 'same_sku'

),

ordered as (

    select
        system,
        record_key,
        first_value(system) over by_key as first_system,
        first_value(record_key) over by_key as first_key
    from int_products__unioned
    window by_key as (
        partition by sku
        order by system, record_key
    )

),

linked as (

    select
        ordered.first_system as left_system,
        ordered.first_key as left_key,
        ordered.system as right_system,
        ordered.record_key as right_key,
        match_rules.match_rule,
        match_rules.match_confidence
    from ordered
    cross join match_rules
    where
        (ordered.first_system, ordered.first_key) < (ordered.system, ordered.record_key)

)

select * from linked
