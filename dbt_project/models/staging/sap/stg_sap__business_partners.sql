{# One row per business partner that is not marked for the archive. #}
with live as (

    select * from {{ source('sap', 'sap__business_partners') }}
    where not _is_deleted and not coalesce(is_archived, false)

),

named as (

    select
        live.*,
        concat_ws(' ', live.organization_name_1, live.organization_name_2) as full_name
    from live

),

cleaned as (

    select
        _key as stored_source_id,
        {{ without_leading_zeros('_key') }} as partner_source_id,
        {{ trimmed('external_party_code') }} as party_code,
        case partner_category
            when '1' then 'person'
            when '2' then 'company'
            else 'group'
        end as partner_kind,
        {{ trimmed('full_name') }} as company_name,
        {{ written_name('first_name') }} as first_name,
        {{ written_name('last_name') }} as last_name,
        organization_name_1 as stored_organization_name_1,
        organization_name_2 as stored_organization_name_2,
        first_name as stored_first_name,
        last_name as stored_last_name,
        coalesce(is_blocked, false) as is_blocked,
        {{ believed('changed_at') }} as changed_at
    from named

)

select * from cleaned
