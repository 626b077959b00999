{# A company has a company name and no person's name; so has a new customer of whom not
   both names are known. Addresses are written only when a customer is created. #}
with stg_netsuite__customers as (

    select * from {{ ref('stg_netsuite__customers') }}

),

{{ import_customers('netsuite') }},

int_customers__name_corrections as (

    select * from {{ ref('int_customers__name_corrections') }}
    where system = 'netsuite'

),

new_customers as (

    select
        *,
        customer_kind = 'person'
        and first_name is not null
        and last_name is not null as is_person
    from {{ ref('int_customers__to_create') }}
    where system = 'netsuite'

),

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        case
            when stored.is_person then stored.stored_company_name
            else coalesce(corrections.company_name, stored.stored_company_name)
        end as company_name,
        coalesce(people.first_name, stored.stored_first_name) as first_name,
        coalesce(people.last_name, stored.stored_last_name) as last_name,
        {{ corrected('email') }},
        {{ corrected('phone') }},
        null as concord_id,
        null::boolean as is_person,
        null::jsonb as address
    from int_customers__identified as customers
    inner join stg_netsuite__customers as stored
        on customers.record_key = stored.customer_source_id
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary
    left join int_customers__name_corrections as people
        on
            customers.golden_id = people.golden_id
            and customers.is_primary
            and stored.is_person

    union all

    select
        customer_id as _entity_id,
        null as _key,
        'customer of the shop with an order, unknown here' as _reason,
        case when not is_person then customer_name end as company_name,
        case when is_person then first_name end as first_name,
        case when is_person then last_name end as last_name,
        email,
        phone,
        customer_id as concord_id,
        is_person,
        case
            when country_code is not null
                then jsonb_build_object(
                    'street', street,
                    'city', city,
                    'postal_code', postal_code,
                    'country_code', country_code
                )
        end as address
    from new_customers

)

select * from desired
