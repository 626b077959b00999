{# One row per live contact. #}
with live as (

    select * from {{ source('salesforce', 'salesforce__contacts') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as contact_source_id,
        account_source_id,
        {{ trimmed('concord_id') }} as concord_id,
        {{ written_name('first_name') }} as first_name,
        {{ written_name('last_name') }} as last_name,
        {{ normalised_email('email') }} as email,
        {{ trimmed('phone') }} as phone,
        first_name as stored_first_name,
        last_name as stored_last_name,
        email as stored_email,
        phone as stored_phone,
        {{ believed('updated_at') }} as changed_at
    from live

)

select * from cleaned
