{# One row per address of a business partner, with one e-mail address and one telephone
   number: SAP's default if there is one, otherwise the first. #}
with live as (

    select * from {{ source('sap', 'sap__addresses') }}
    where not _is_deleted

),

cleaned as (

    select
        live._key as address_source_id,
        {{ without_leading_zeros('live.partner_source_id') }} as partner_source_id,
        {{ without_leading_zeros('live.address_number') }} as address_number,
        {{ trimmed("concat_ws(' ', live.street_name, live.house_number)") }} as street,
        {{ trimmed('live.city') }} as city,
        {{ trimmed('live.postal_code') }} as postal_code,
        {{ trimmed('live.region_code') }} as region_code,
        upper({{ trimmed('live.country_code') }}) as country_code,
        {{ normalised_email("(mail.item ->> 'EmailAddress')") }} as email,
        {{ trimmed("(phone.item ->> 'PhoneNumber')") }} as phone,
        live.street_name as stored_street_name,
        live.house_number as stored_house_number,
        live.city as stored_city,
        live.postal_code as stored_postal_code,
        live.country_code as stored_country_code,
        live._modified_at as changed_at
    from live
    left join lateral (
        select listed.item
        from jsonb_array_elements(live.emails) as listed (item)
        order by
            (listed.item ->> 'IsDefaultEmailAddress') = 'true' desc,
            listed.item ->> 'OrdinalNumber' asc
        limit 1
    ) as mail on true
    left join lateral (
        select listed.item
        from jsonb_array_elements(live.phones) as listed (item)
        order by
            (listed.item ->> 'IsDefaultPhoneNumber') = 'true' desc,
            listed.item ->> 'OrdinalNumber' asc
        limit 1
    ) as phone on true

)

select * from cleaned
