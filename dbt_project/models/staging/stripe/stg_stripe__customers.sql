{# One row per live customer. #}
with live as (

    select * from {{ source('stripe', 'stripe__customers') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as customer_source_id,
        {{ trimmed('concord_id') }} as concord_id,
        {{ written_name('customer_name') }} as customer_name,
        {{ normalised_email('email') }} as email,
        {{ trimmed('phone') }} as phone,
        {{ trimmed('street') }} as street,
        {{ trimmed('city') }} as city,
        {{ trimmed('postal_code') }} as postal_code,
        upper({{ trimmed('country_code') }}) as country_code,
        concord_id as stored_concord_id,
        customer_name as stored_customer_name,
        email as stored_email,
        phone as stored_phone,
        street as stored_street,
        city as stored_city,
        postal_code as stored_postal_code,
        country_code as stored_country_code,
        created_at,
        {{ believed('changed_at') }} as changed_at
    from live

)

select * from cleaned
