{# One row per live loyalty customer. The two name lines in capitals hold one name of a
   company, or the surname and the first name of a person. #}
with customers as (

    select * from {{ source('legacy_sql', 'legacy_sql__customers') }}

),

named as (

    select
        *,
        customer_type = 'B' as is_company,
        case when customer_type = 'P' then name_line_2 end as given_name,
        case when customer_type = 'P' then name_line_1 end as surname,
        case
            when customer_type = 'B' then concat_ws(' ', name_line_1, name_line_2)
            else concat_ws(' ', name_line_2, name_line_1)
        end as whole_name
    from customers
    where not _is_deleted

),

cleaned as (

    select
        _key as customer_source_id,
        {{ trimmed('erp_customer_code') }} as erp_customer_code,
        {{ written_name('given_name') }} as first_name,
        {{ written_name('surname') }} as last_name,
        case when is_company then {{ written_name('whole_name') }} end as company_name,
        {{ written_name('whole_name') }} as customer_name,
        {{ normalised_email('email') }} as email,
        '+' || phone_digits as phone,
        {{ written_name('street') }} as street,
        {{ written_name('city') }} as city,
        {{ trimmed('postal_code') }} as postal_code,
        upper({{ trimmed('country_code') }}) as country_code,
        case loyalty_level
            when 'B' then 'bronze'
            when 'S' then 'silver'
            when 'G' then 'gold'
        end as loyalty_level,
        email as stored_email,
        phone_digits as stored_phone_digits,
        street as stored_street,
        city as stored_city,
        postal_code as stored_postal_code,
        country_code as stored_country_code,
        version as record_version,
        loyalty_points as loyalty_points_quantity,
        is_company,
        created_date,
        {{ believed('changed_at') }} as changed_at
    from named

)

select * from cleaned
