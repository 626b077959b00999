{# One row per account. If the account was quarantined, its contact still shows that the
   CRM knows the customer. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_salesforce__accounts as (

    select * from {{ ref('stg_salesforce__accounts') }}

),

int_customers__primary_contacts as (

    select * from {{ ref('int_customers__primary_contacts') }}

),

joined as (

    select
        'salesforce' as system,
        coalesce(accounts.account_source_id, contacts.account_source_id) as record_key,
        accounts.concord_id as external_id,
        accounts.account_number,
        contacts.contact_source_id,
        null as address_source_id,
        null as email_source_id,
        null as phone_source_id,
        accounts.customer_kind,
        coalesce(
            accounts.account_name,
            nullif(concat_ws(' ', contacts.first_name, contacts.last_name), '')
        ) as record_name,
        contacts.first_name,
        contacts.last_name,
        contacts.email as email_as_written,
        contacts.phone as phone_as_written,
        accounts.street,
        accounts.city,
        accounts.postal_code,
        accounts.country_spelling as country_as_written,
        accounts.account_source_id is null as is_incomplete,
        greatest(accounts.changed_at, contacts.changed_at) as changed_at
    from stg_salesforce__accounts as accounts
    full outer join int_customers__primary_contacts as contacts
        on accounts.account_source_id = contacts.account_source_id
    where not coalesce(accounts.is_deleted, false)

)

select * from joined
