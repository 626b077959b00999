with contact_mechanisms as (

    select * from {{ source('tryton', 'tryton__contact_mechanisms') }}

),

live as (

    select * from contact_mechanisms
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
        changed_at
    from live

)

select * from cleaned
