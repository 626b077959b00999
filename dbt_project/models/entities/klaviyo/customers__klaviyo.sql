{# One row per profile. Its external id is the ERP's number or the id that Concord
   gave it. #}
{{ shaped_as(
    'customers',
    ref('stg_klaviyo__profiles'),
    kept=[
        'external_id', 'first_name', 'last_name', 'street', 'city', 'postal_code',
        'changed_at'
    ],
    columns={
        'record_key': 'profile_source_id',
        'account_number': 'external_id',
        'customer_kind': "case when company_name is null then 'person' else 'company' end",
        'record_name': "coalesce(company_name, nullif(concat_ws(' ', first_name, last_name), ''))",
        'email_as_written': 'email',
        'phone_as_written': 'phone',
        'country_as_written': 'country_spelling',
        'can_name_company': 'true'
    }
) }}
