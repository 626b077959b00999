{# One row per loyalty account of the old shop. #}
{{ shaped_as(
    'customers',
    ref('stg_legacy_sql__customers'),
    kept=['first_name', 'last_name', 'street', 'city', 'postal_code', 'changed_at'],
    columns={
        'record_key': 'customer_source_id',
        'account_number': 'erp_customer_code',
        'customer_kind': "case when is_company then 'company' else 'person' end",
        'record_name': 'customer_name',
        'email_as_written': 'email',
        'phone_as_written': 'phone',
        'country_as_written': 'country_code',
        'can_name_company': 'true'
    }
) }}
