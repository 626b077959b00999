{# The shop refuses a phone number that another of its customers has, so a shared
   one is left. #}
with stg_shopify__customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'shopify'

),

int_customers__corrections as (

    select * from {{ ref('int_customers__corrections') }}
    where system = 'shopify'

),

int_customers__free_phones as (

    select * from {{ ref('int_customers__free_phones') }}
    where system = 'shopify'

),

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        coalesce(free_phones.phone, stored.stored_phone) as phone,
        coalesce(corrections.company_name, stored.stored_company_name) as company_name,
        coalesce(corrections.street, stored.stored_street) as street,
        coalesce(corrections.city, stored.stored_city) as city,
        coalesce(corrections.postal_code, stored.stored_postal_code) as postal_code,
        coalesce(corrections.country_code, stored.stored_country_code) as country_code
    from int_customers__identified as customers
    inner join stg_shopify__customers as stored
        on customers.record_key = stored.customer_source_id
    left join int_customers__corrections as corrections
        on
            customers.golden_id = corrections.golden_id
            and customers.is_primary
    left join int_customers__free_phones as free_phones
        on corrections.phone = free_phones.phone

)

select * from desired
