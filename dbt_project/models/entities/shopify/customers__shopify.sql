{# One row per customer record. Without a company the record names nobody but a
   person. #}
{{ shaped_as(
    'customers',
    ref('stg_shopify__customers'),
    kept=['first_name', 'last_name', 'street', 'city', 'postal_code', 'changed_at'],
    columns={
        'record_key': 'customer_source_id',
        'customer_kind': "case when company_name is null then 'person' else 'company' end",
        'record_name': "coalesce(company_name, nullif(concat_ws(' ', first_name, last_name), ''))",
        'email_as_written': 'email',
        'phone_as_written': 'phone',
        'country_as_written': 'country_code',
        'can_name_company': 'company_name is not null'
    }
) }}
