{# One row per batch. #}
with batches as (

    select * from {{ source('ops', 'batches') }}

),

renamed as (

    select
        batch_id,
        system,
        resource,
        purpose,
        state,
        reason,
        received as received_quantity,
        validated as validated_quantity,
        quarantined as quarantined_quantity,
        repeated as repeated_quantity,
        lower(covered_window) as window_start_at,
        upper(covered_window) as window_end_at,
        landed_at,
        finished_at
    from batches

)

select * from renamed
