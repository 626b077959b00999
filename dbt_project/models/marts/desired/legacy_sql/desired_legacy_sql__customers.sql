{# The old shop writes text in capitals, and phone numbers as digits with the country
   code. #}
with stg_legacy_sql__customers as (

    select * from {{ ref('stg_legacy_sql__customers') }}

),

{{ import_customers('legacy_sql') }},

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        coalesce(ltrim(corrections.phone, '+'), stored.stored_phone_digits)
        as phone_digits,
        coalesce(upper(corrections.email), stored.stored_email) as email,
        coalesce(upper(corrections.street), stored.stored_street) as street,
        coalesce(upper(corrections.city), stored.stored_city) as city,
        {{ corrected('postal_code') }},
        {{ corrected('country_code') }}
    from int_customers__identified as customers
    inner join stg_legacy_sql__customers as stored
        on customers.record_key = stored.customer_source_id
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary

)

select * from desired
