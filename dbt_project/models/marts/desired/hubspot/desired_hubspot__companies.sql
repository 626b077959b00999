{# A company gets the values of the customer that its contacts belong to. If its
   contacts belong to several customers, it is left as it is. #}
with stg_hubspot__companies as (

    select * from {{ ref('stg_hubspot__companies') }}

),

stg_hubspot__contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

{{ import_customers('hubspot', where='is_primary') }},

owners as (

    select
        contacts.company_source_id,
        min(customers.golden_id) as golden_id
    from stg_hubspot__contacts as contacts
    inner join int_customers__identified as customers
        on contacts.contact_source_id = customers.record_key
    where contacts.company_source_id is not null
    group by contacts.company_source_id
    having count(distinct customers.golden_id) = 1

),

desired as (

    select
        'company:' || stored.company_source_id as _entity_id,
        stored.company_source_id as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        {{ corrected('company_name') }},
        {{ corrected('phone') }},
        {{ corrected('street') }},
        {{ corrected('city') }},
        {{ corrected('postal_code') }},
        {{ corrected('country_name', correction='country_code') }}
    from stg_hubspot__companies as stored
    left join owners on stored.company_source_id = owners.company_source_id
    left join int_customers__corrections as corrections
        on owners.golden_id = corrections.golden_id

)

select * from desired
