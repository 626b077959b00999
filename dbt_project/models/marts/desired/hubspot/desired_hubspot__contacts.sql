{# A customer who is created has no company here, which sales make. #}
with stg_hubspot__contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

{{ import_customers('hubspot') }},

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}
    where system = 'hubspot'

),

int_customers__numbers as (

    select * from {{ ref('int_customers__numbers') }}
    where is_first

),

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        {{ corrected('first_name') }},
        {{ corrected('last_name') }},
        {{ corrected('email') }},
        {{ corrected('phone') }},
        {{ corrected('street') }},
        {{ corrected('city') }},
        {{ corrected('postal_code') }},
        {{ corrected('country_name', correction='country_code') }},
        null as erp_customer_code,
        null as concord_id
    from int_customers__identified as customers
    inner join stg_hubspot__contacts as stored
        on customers.record_key = stored.contact_source_id
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary

    union all

    select
        customers.customer_id as _entity_id,
        null as _key,
        'customer known elsewhere, unknown here' as _reason,
        customers.first_name,
        coalesce(customers.last_name, customers.customer_name) as last_name,
        customers.email,
        customers.phone,
        customers.street,
        customers.city,
        customers.postal_code,
        customers.country_code as country_name,
        numbers.account_number as erp_customer_code,
        customers.customer_id as concord_id
    from int_customers__to_create as customers
    left join int_customers__numbers as numbers
        on customers.customer_id = numbers.golden_id

)

select * from desired
