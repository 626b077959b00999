{# One row per live sale. #}
with live as (

    select * from {{ source('tryton', 'tryton__sales') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as sale_source_id,
        party_source_id,
        invoice_address_source_id,
        shipment_address_source_id,
        {{ trimmed('reference') }} as order_name,
        sale_state as source_status,
        upper({{ trimmed('currency_code') }}) as currency_code,
        reference as stored_reference,
        total_amount,
        sale_date as order_date,
        {{ believed('changed_at') }} as changed_at
    from live

)

select * from cleaned
