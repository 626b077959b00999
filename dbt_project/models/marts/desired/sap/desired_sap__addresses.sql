{# Only the first address of a customer's business partner is written to. SAP keeps the
   number at the end of a street in a field of its own. #}
with stg_sap__addresses as (

    select * from {{ ref('stg_sap__addresses') }}

),

{{ import_customers('sap') }},

desired as (

    select
        customers.entity_id as _entity_id,
        stored.address_source_id as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        case
            when corrections.street is null then stored.stored_street_name
            else {{ street_name('corrections.street') }}
        end as street_name,
        case
            when corrections.street is null then stored.stored_house_number
            else coalesce({{ house_number('corrections.street') }}, '')
        end as house_number,
        {{ corrected('city') }},
        {{ corrected('postal_code') }},
        {{ corrected('country_code') }}
    from int_customers__identified as customers
    inner join stg_sap__addresses as stored
        on customers.address_source_id = stored.address_source_id
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary

)

select * from desired
