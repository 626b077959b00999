{# One row per person who asked something; the desk does not say whether it is a
   company. #}
with requesters as (

    select * from {{ source('deskly', 'deskly__requesters') }}
    where not _is_deleted

)

{{ shaped_as(
    'customers',
    'requesters',
    columns={
        'record_key': '_key',
        'record_name': trimmed('requester_name'),
        'email_as_written': normalised_email('email'),
        'phone_as_written': trimmed('phone'),
        'can_name_company': 'true',
        'changed_at': believed('updated_at')
    }
) }}
