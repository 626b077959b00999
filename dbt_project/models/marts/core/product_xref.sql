with int_products__identified as (

    select * from {{ ref('int_products__identified') }}

),

selected as (

    select
        golden_id as product_id,
        system,
        record_key,
        match_rule,
        match_confidence::numeric as match_confidence,
        is_primary
    from int_products__identified

)

select * from selected
