{# One row per ticket. #}
with live as (

    select * from {{ source('deskly', 'deskly__tickets') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as ticket_source_id,
        requester_source_id,
        {{ trimmed('external_id') }} as order_name,
        {{ trimmed('subject') }} as subject,
        ticket_state,
        priority,
        created_at,
        updated_at as changed_at
    from live

)

select * from cleaned
