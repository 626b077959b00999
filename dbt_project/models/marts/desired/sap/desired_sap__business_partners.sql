{# A company has its name in two parts, a person a first and a last name. A person's
   names are corrected only if the whole name differs from the golden record. A new
   customer of whom not both names are known enters as a company. #}
with stg_sap__business_partners as (

    select * from {{ ref('stg_sap__business_partners') }}

),

{{ import_customers('sap') }},

int_customers__name_corrections as (

    select * from {{ ref('int_customers__name_corrections') }}
    where system = 'sap'

),

new_customers as (

    select
        *,
        customer_kind = 'person'
        and first_name is not null
        and last_name is not null as is_person,
        {{ first_name_part('customer_name') }} as name_1,
        customer_name as name
    from {{ ref('int_customers__to_create') }}
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
        coalesce(people.last_name, stored.stored_last_name) as last_name,
        null as partner_category,
        null as external_party_code,
        null::jsonb as new_address
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

    union all

    select
        customer_id as _entity_id,
        null as _key,
        'customer of the shop with an order, unknown here' as _reason,
        case when not is_person then name_1 end as organization_name_1,
        case when not is_person then {{ second_name_part('name', 'name_1') }} end
        as organization_name_2,
        case when is_person then first_name end as first_name,
        case when is_person then last_name end as last_name,
        case when is_person then '1' else '2' end as partner_category,
        customer_id as external_party_code,
        case
            when country_code is not null
                then jsonb_build_object(
                    'street_name', {{ street_name('street') }},
                    'house_number', {{ house_number('street') }},
                    'city', city,
                    'postal_code', postal_code,
                    'country_code', country_code,
                    'email', email,
                    'phone', phone
                )
        end as new_address
    from new_customers

)

select * from desired
