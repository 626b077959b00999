{# One row per customer with an account. Who is known in the books logs in by the number
   that the ERP gave. #}
with customers as (

    select * from {{ source('oscar', 'oscar__users') }}
    where not _is_deleted and not is_staff

)

{{ shaped_as(
    'customers',
    'customers',
    columns={
        'record_key': '_key',
        'account_number': trimmed('customer_code'),
        'first_name': written_name('first_name'),
        'last_name': written_name('last_name'),
        'email_as_written': normalised_email('email'),
        'changed_at': '_modified_at'
    }
) }}
