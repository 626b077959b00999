with int_fields__golden as (

    select * from {{ ref('int_fields__golden') }}

),

selected as (

    select
        entity,
        golden_id,
        field,
        system,
        record_key,
        value,
        source_rule,
        changed_at
    from int_fields__golden

)

select * from selected
