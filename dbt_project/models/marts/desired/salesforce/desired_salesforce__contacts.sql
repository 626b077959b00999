with stg_salesforce__contacts as (

    select * from {{ ref('stg_salesforce__contacts') }}

),

{{ import_customers('salesforce', where='is_primary and not is_incomplete') }},

int_salesforce__new_contacts as (

    select * from {{ ref('int_salesforce__new_contacts') }}

),

customers as (

    select * from {{ ref('customers') }}

),

desired as (

    select
        coalesce(accounts.golden_id, contacts.contact_source_id) as _entity_id,
        contacts.contact_source_id as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        null as account_source_id,
        coalesce(corrections.first_name, contacts.stored_first_name) as first_name,
        coalesce(corrections.last_name, contacts.stored_last_name) as last_name,
        coalesce(corrections.email, contacts.stored_email) as email,
        coalesce(corrections.phone, contacts.stored_phone) as phone,
        null as concord_id
    from stg_salesforce__contacts as contacts
    left join int_customers__identified as accounts
        on contacts.contact_source_id = accounts.contact_source_id
    left join int_customers__corrections as corrections
        on accounts.golden_id = corrections.golden_id

    union all

    select
        new_contacts.customer_id as _entity_id,
        null as _key,
        'customer known elsewhere, unknown here' as _reason,
        new_contacts.account_source_id,
        customers.first_name,
        coalesce(customers.last_name, customers.customer_name) as last_name,
        customers.email,
        customers.phone,
        new_contacts.customer_id as concord_id
    from int_salesforce__new_contacts as new_contacts
    inner join customers on new_contacts.customer_id = customers.customer_id

)

select * from desired
