{# One row per live customer. #}
with live as (

    select * from {{ source('shopify', 'shopify__customers') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as customer_source_id,
        {{ written_name('first_name') }} as first_name,
        {{ written_name('last_name') }} as last_name,
        {{ trimmed('company_name') }} as company_name,
        {{ normalised_email('email') }} as email,
        {{ trimmed('phone') }} as phone,
        {{ trimmed('street') }} as street,
        {{ trimmed('city') }} as city,
        {{ trimmed('postal_code') }} as postal_code,
        upper({{ trimmed('country_code') }}) as country_code,
        company_name as stored_company_name,
        phone as stored_phone,
        street as stored_street,
        city as stored_city,
        postal_code as stored_postal_code,
        country_code as stored_country_code,
        created_at,
        {{ believed('updated_at') }} as changed_at
    from live

)

select * from cleaned
