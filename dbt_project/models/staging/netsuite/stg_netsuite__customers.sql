{# One row per live customer. A company has a company name and no person's name.
   Inactive customers are kept, because their invoices are. #}
with live as (

    select * from {{ source('netsuite', 'netsuite__customers') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as customer_source_id,
        {{ trimmed('customer_number') }} as customer_number,
        {{ trimmed('concord_id') }} as concord_id,
        {{ trimmed('account_number') }} as account_number,
        coalesce(is_person, false) as is_person,
        {{ written_name('company_name') }} as company_name,
        {{ written_name('first_name') }} as first_name,
        {{ written_name('last_name') }} as last_name,
        {{ normalised_email('email') }} as email,
        {{ trimmed('phone') }} as phone,
        {{ trimmed('street') }} as street,
        {{ trimmed('city') }} as city,
        {{ trimmed('postal_code') }} as postal_code,
        upper({{ trimmed('country_code') }}) as country_code,
        not coalesce(is_inactive, false) as is_active,
        company_name as stored_company_name,
        first_name as stored_first_name,
        last_name as stored_last_name,
        email as stored_email,
        phone as stored_phone,
        created_at,
        {{ believed('updated_at') }} as changed_at
    from live

)

select * from cleaned
