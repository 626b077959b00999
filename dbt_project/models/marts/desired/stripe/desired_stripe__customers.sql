with stg_stripe__customers as (

    select * from {{ ref('stg_stripe__customers') }}

),

{{ import_customers('stripe') }},

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        coalesce(
            corrections.company_name,
            corrections.customer_name,
            stored.stored_customer_name
        ) as customer_name,
        {{ corrected('email') }},
        {{ corrected('phone') }},
        {{ corrected('street') }},
        {{ corrected('city') }},
        {{ corrected('postal_code') }},
        {{ corrected('country_code') }}
    from int_customers__identified as customers
    inner join stg_stripe__customers as stored
        on customers.record_key = stored.customer_source_id
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary

)

select * from desired
