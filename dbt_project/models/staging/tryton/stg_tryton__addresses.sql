{# One row per active address of a party. #}
with live as (

    select * from {{ source('tryton', 'tryton__addresses') }}
    where not _is_deleted and coalesce(is_active, true)

),

cleaned as (

    select
        _key as address_source_id,
        party_source_id,
        {{ trimmed('street') }} as street,
        {{ trimmed('city') }} as city,
        {{ trimmed('postal_code') }} as postal_code,
        upper({{ trimmed('country_code') }}) as country_code,
        street as stored_street,
        city as stored_city,
        postal_code as stored_postal_code,
        country_code as stored_country_code,
        {{ believed('changed_at') }} as changed_at
    from live

)

select * from cleaned
