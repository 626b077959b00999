{# One row per active contact mechanism of a party, such as an e-mail address. #}
with live as (

    select * from {{ source('tryton', 'tryton__contact_mechanisms') }}
    where not _is_deleted and coalesce(is_active, true)

),

cleaned as (

    select
        _key as mechanism_source_id,
        party_source_id,
        mechanism_type,
        case
            when mechanism_type in ('phone', 'mobile') then 'phone'
            else mechanism_type
        end as field,
        case
            when mechanism_type = 'email'
                then {{ normalised_email('mechanism_value') }}
            else {{ trimmed('mechanism_value') }}
        end as mechanism_value,
        mechanism_value as stored_value,
        {{ believed('changed_at') }} as changed_at
    from live

)

select * from cleaned
