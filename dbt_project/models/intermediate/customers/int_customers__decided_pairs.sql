{# One row per pair of records that a person has declared to be the same customer. #}
{{ config(tags=['prepare'], materialized='view') }}

with identity_decisions as (

    select * from {{ ref('identity_decisions') }}

),

pairs as (

    select
        'decided' as match_rule,
        left_system as one_system,
        left_key as one_key,
        right_system as other_system,
        right_key as other_key
    from identity_decisions
    where is_same_customer

)

select * from pairs
