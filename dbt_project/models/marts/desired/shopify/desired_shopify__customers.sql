{# The shop refuses a phone number that another of its customers has, so a shared number
   is not written. #}
with stg_shopify__customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

{{ import_customers('shopify') }},

int_customers__free_phones as (

    select * from {{ ref('int_customers__free_phones') }}
    where system = 'shopify'

),

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        case
            when corrections.phone = '' then ''
            else coalesce(free_phones.phone, stored.stored_phone)
        end as phone,
        {{ corrected('company_name') }},
        {{ corrected('street') }},
        {{ corrected('city') }},
        {{ corrected('postal_code') }},
        {{ corrected('country_code') }}
    from int_customers__identified as customers
    inner join stg_shopify__customers as stored
        on customers.record_key = stored.customer_source_id
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary
    left join int_customers__free_phones as free_phones
        on corrections.phone = free_phones.phone

)

select * from desired
