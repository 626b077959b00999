{# A company has its name in two parts, a person a first and a last name. A person's
   names are corrected only if the whole name differs from the golden record. #}
with stg_sap__business_partners as (

    select * from {{ ref('stg_sap__business_partners') }}

),

{{ import_customers('sap') }},

int_customers__name_corrections as (

    select * from {{ ref('int_customers__name_corrections') }}
    where system = 'sap'

),

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        coalesce(companies.company_name_1, stored.stored_organization_name_1)
        as organization_name_1,
        coalesce(companies.company_name_2, stored.stored_organization_name_2)
        as organization_name_2,
        coalesce(people.first_name, stored.stored_first_name) as first_name,
        coalesce(people.last_name, stored.stored_last_name) as last_name
    from int_customers__identified as customers
    inner join stg_sap__business_partners as stored
        on customers.record_key = stored.stored_source_id
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary
    left join int_customers__name_corrections as companies
        on
            customers.golden_id = companies.golden_id
            and customers.is_primary
            and stored.partner_kind = 'company'
    left join int_customers__name_corrections as people
        on
            customers.golden_id = people.golden_id
            and customers.is_primary
            and stored.partner_kind = 'person'

)

select * from desired
