{# One row per live invoice; `order_name` is the shop's. `is_void` marks void invoices.
   #}
with live as (

    select * from {{ source('netsuite', 'netsuite__invoices') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as invoice_source_id,
        customer_source_id,
        {{ trimmed('document_number') }} as document_number,
        {{ trimmed('external_id') }} as external_id,
        {{ trimmed('order_name') }} as order_name,
        status_code as source_status,
        coalesce(status_code = 'B', false) as is_paid,
        coalesce(status_code = 'V', false) as is_void,
        upper({{ trimmed('currency_code') }}) as currency_code,
        total_amount,
        coalesce(unpaid_amount, 0) as unpaid_amount,
        document_date as invoice_date,
        due_date,
        created_at,
        {{ believed('updated_at') }} as changed_at
    from live

)

select * from cleaned
