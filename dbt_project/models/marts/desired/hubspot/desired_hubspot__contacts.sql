with stg_hubspot__contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

{{ import_customers('hubspot') }},

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
        {{ corrected('country_name', correction='country_code') }}
    from int_customers__identified as customers
    inner join stg_hubspot__contacts as stored
        on customers.record_key = stored.contact_source_id
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary

)

select * from desired
