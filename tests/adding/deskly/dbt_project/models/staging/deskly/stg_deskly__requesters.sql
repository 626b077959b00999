{# One row per person who asked something. #}
with live as (

    select * from {{ source('deskly', 'deskly__requesters') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as requester_source_id,
        {{ trimmed('requester_name') }} as requester_name,
        {{ normalised_email('email') }} as email,
        {{ trimmed('phone') }} as phone,
        created_at,
        updated_at as changed_at
    from live

)

select * from cleaned
