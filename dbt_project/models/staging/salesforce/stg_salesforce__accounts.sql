{# One row per account, including deleted ones. #}
with accounts as (

    select * from {{ source('salesforce', 'salesforce__accounts') }}

),

cleaned as (

    select
        _key as account_source_id,
        master_source_id,
        {{ trimmed('concord_id') }} as concord_id,
        {{ trimmed('account_number') }} as account_number,
        {{ trimmed('account_name') }} as account_name,
        case account_type
            when 'Business' then 'company'
            when 'Individual' then 'person'
        end as customer_kind,
        {{ trimmed('street') }} as street,
        {{ trimmed('city') }} as city,
        {{ trimmed('postal_code') }} as postal_code,
        lower({{ trimmed('country_name') }}) as country_spelling,
        account_name as stored_account_name,
        street as stored_street,
        city as stored_city,
        postal_code as stored_postal_code,
        country_name as stored_country_name,
        _is_deleted as is_deleted,
        {{ believed('updated_at') }} as changed_at
    from accounts

)

select * from cleaned
