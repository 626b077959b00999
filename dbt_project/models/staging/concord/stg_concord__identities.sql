{# One row per record that has a golden id. #}
with identities as (

    select * from {{ source('ops', 'identities') }}

),

renamed as (

    select
        entity,
        system,
        record_key,
        golden_id,
        match_rule,
        match_confidence,
        since_at
    from identities

)

select * from renamed
