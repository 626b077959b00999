with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

selected as (

    select
        golden_id as customer_id,
        system,
        record_key,
        match_rule,
        match_confidence::numeric as match_confidence,
        is_primary
    from int_customers__identified

)

select * from selected
