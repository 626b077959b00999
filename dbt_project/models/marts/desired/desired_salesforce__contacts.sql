{# An account that we created and whose contact did not follow gets it now. #}
with stg_salesforce__contacts as (

    select * from {{ ref('stg_salesforce__contacts') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'salesforce' and is_primary and not is_incomplete

),

int_customers__corrections as (

    select * from {{ ref('int_customers__corrections') }}
    where system = 'salesforce'

),

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}
    where system = 'salesforce'

),

customers as (

    select * from {{ ref('customers') }}

),

stg_concord__dead_letters as (

    select parent_source_id
    from {{ ref('stg_concord__dead_letters') }}
    where system = 'salesforce' and resource = 'contacts' and stage = 'validate'
    group by parent_source_id

),

to_create as (

    select
        customer_id,
        '@accounts/' || customer_id as account_source_id
    from int_customers__to_create

    union all

    select
        accounts.golden_id as customer_id,
        accounts.record_key as account_source_id
    from int_customers__identified as accounts
    left join stg_concord__dead_letters as refused
        on accounts.record_key = refused.parent_source_id
    where
        accounts.external_id = accounts.golden_id
        and accounts.contact_source_id is null
        and refused.parent_source_id is null

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
        to_create.customer_id as _entity_id,
        null as _key,
        'customer of the shop, unknown here' as _reason,
        to_create.account_source_id,
        customers.first_name,
        coalesce(customers.last_name, customers.customer_name) as last_name,
        customers.email,
        customers.phone,
        to_create.customer_id as concord_id
    from to_create
    inner join customers on to_create.customer_id = customers.customer_id

)

select * from desired
