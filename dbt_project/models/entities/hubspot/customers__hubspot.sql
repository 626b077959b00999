{# One row per contact with its company. #}
with joined as (

    select
        contacts.*,
        companies.company_name
    from {{ ref('stg_hubspot__contacts') }} as contacts
    left join {{ ref('stg_hubspot__companies') }} as companies
        on contacts.company_source_id = companies.company_source_id

)

{{ shaped_as(
    'customers',
    'joined',
    kept=[
        'contact_source_id', 'first_name', 'last_name', 'street', 'city', 'postal_code',
        'changed_at'
    ],
    columns={
        'record_key': 'contact_source_id',
        'external_id': 'concord_id',
        'account_number': 'erp_customer_code',
        'group_key': 'company_source_id',
        'customer_kind': "case when company_source_id is null then 'person' else 'company' end",
        'record_name': "coalesce(company_name, nullif(concat_ws(' ', first_name, last_name), ''))",
        'email_as_written': 'email',
        'phone_as_written': 'phone',
        'country_as_written': 'country_spelling',
        'can_name_company': 'company_name is not null'
    }
) }}
