{# A company has a name and no person. Addresses are written with a new customer only. #}
with stg_netsuite__customers as (

    select * from {{ ref('stg_netsuite__customers') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'netsuite'

),

int_customers__corrections as (

    select * from {{ ref('int_customers__corrections') }}
    where system = 'netsuite'

),

golden_names as (

    select * from {{ ref('customers') }}

),

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        case
            when not stored.is_person
                then coalesce(corrections.company_name, stored.stored_company_name)
            else stored.stored_company_name
        end as company_name,
        case
            when stored.is_person and corrections.customer_name is not null
                then coalesce(golden_names.first_name, stored.stored_first_name)
            else stored.stored_first_name
        end as first_name,
        case
            when stored.is_person and corrections.customer_name is not null
                then coalesce(golden_names.last_name, stored.stored_last_name)
            else stored.stored_last_name
        end as last_name,
        {{ corrected('email') }},
        {{ corrected('phone') }}
    from int_customers__identified as customers
    inner join stg_netsuite__customers as stored
        on customers.record_key = stored.customer_source_id
    left join golden_names on customers.golden_id = golden_names.customer_id
    left join int_customers__corrections as corrections
        on
            customers.golden_id = corrections.golden_id
            and customers.is_primary

)

select * from desired
