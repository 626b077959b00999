{# One row per account with its oldest contact. If the account was quarantined, its
   contact still shows that the CRM knows the customer. #}
with joined as (

    select
        accounts.concord_id,
        accounts.account_number,
        accounts.customer_kind,
        accounts.account_name,
        accounts.street,
        accounts.city,
        accounts.postal_code,
        accounts.country_spelling,
        contacts.contact_source_id,
        contacts.first_name,
        contacts.last_name,
        contacts.email,
        contacts.phone,
        accounts.account_source_id is null as lacks_account,
        coalesce(accounts.account_source_id, contacts.account_source_id)
        as account_source_id,
        greatest(accounts.changed_at, contacts.changed_at) as changed_at
    from {{ ref('stg_salesforce__accounts') }} as accounts
    full outer join {{ ref('int_salesforce__primary_contacts') }} as contacts
        on accounts.account_source_id = contacts.account_source_id
    where not coalesce(accounts.is_deleted, false)

)

{{ shaped_as(
    'customers',
    'joined',
    kept=[
        'account_number', 'contact_source_id', 'customer_kind', 'first_name', 'last_name',
        'street', 'city', 'postal_code', 'changed_at'
    ],
    columns={
        'record_key': 'account_source_id',
        'external_id': 'concord_id',
        'record_name': "coalesce(account_name, nullif(concat_ws(' ', first_name, last_name), ''))",
        'email_as_written': 'email',
        'phone_as_written': 'phone',
        'country_as_written': 'country_spelling',
        'can_name_company': 'true',
        'is_incomplete': 'lacks_account'
    }
) }}
