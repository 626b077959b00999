{# One row per person who asked something; the desk does not say whether it is a company. #}
{{ shaped_as(
    'customers',
    ref('stg_deskly__requesters'),
    kept=['changed_at'],
    columns={
        'record_key': 'requester_source_id',
        'record_name': 'requester_name',
        'email_as_written': 'email',
        'phone_as_written': 'phone',
        'can_name_company': 'true'
    }
) }}
