{# One row per customer of the payment provider, who has one name, be it a person's
   or a company's. #}
{{ shaped_as(
    'customers',
    ref('stg_stripe__customers'),
    kept=['street', 'city', 'postal_code', 'changed_at'],
    columns={
        'record_key': 'customer_source_id',
        'external_id': 'concord_id',
        'record_name': 'customer_name',
        'email_as_written': 'email',
        'phone_as_written': 'phone',
        'country_as_written': 'country_code',
        'can_name_company': 'true'
    }
) }}
