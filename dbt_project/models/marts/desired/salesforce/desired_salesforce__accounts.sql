with stg_salesforce__accounts as (

    select * from {{ ref('stg_salesforce__accounts') }}

),

{{ import_customers('salesforce', where='not is_incomplete') }},

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}
    where system = 'salesforce'

),

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        coalesce(
            corrections.company_name,
            corrections.customer_name,
            stored.stored_account_name
        ) as account_name,
        null as account_type,
        {{ corrected('street') }},
        {{ corrected('city') }},
        {{ corrected('postal_code') }},
        coalesce(corrections.country_code, stored.stored_country_name) as country_name,
        null as concord_id
    from int_customers__identified as customers
    inner join stg_salesforce__accounts as stored
        on customers.record_key = stored.account_source_id
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary

    union all

    select
        customer_id as _entity_id,
        null as _key,
        'customer known elsewhere, unknown here' as _reason,
        customer_name as account_name,
        case customer_kind when 'company' then 'Business' else 'Individual' end
        as account_type,
        street,
        city,
        postal_code,
        country_code as country_name,
        customer_id as concord_id
    from int_customers__to_create

)

select * from desired
