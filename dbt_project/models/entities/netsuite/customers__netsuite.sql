{# One row per customer. Of a company the ledger knows no person's name. An inactive
   customer takes no new order. #}
{{ shaped_as(
    'customers',
    ref('stg_netsuite__customers'),
    kept=[
        'account_number', 'first_name', 'last_name', 'street', 'city', 'postal_code',
        'changed_at'
    ],
    columns={
        'record_key': 'customer_source_id',
        'external_id': 'concord_id',
        'customer_kind': "case when is_person then 'person' else 'company' end",
        'record_name': "case when is_person then nullif(concat_ws(' ', first_name, last_name), '') else company_name end",
        'email_as_written': 'email',
        'phone_as_written': 'phone',
        'country_as_written': 'country_code',
        'can_name_company': 'true',
        'is_blocked': 'not is_active'
    }
) }}
