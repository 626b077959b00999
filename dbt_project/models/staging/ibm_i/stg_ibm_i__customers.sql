{# One row per company that the wholesale department's host knows. Its number is the
   ERP's number without the letter before it. #}
with live as (

    select * from {{ source('ibm_i', 'ibm_i__customers') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as customer_number,
        {{ trimmed('company_name') }} as company_name,
        {{ trimmed('street') }} as street,
        {{ trimmed('city') }} as city,
        {{ trimmed('postal_code') }} as postal_code,
        upper({{ trimmed('country_code') }}) as country_code,
        {{ trimmed('phone') }} as phone,
        credit_limit,
        balance_due,
        {{ believed('changed_at') }} as changed_at
    from live

)

select * from cleaned
