{# One row per live sales order; `order_name` is the shop's. #}
with live as (

    select * from {{ source('netsuite', 'netsuite__sales_orders') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as sales_order_source_id,
        customer_source_id,
        {{ trimmed('document_number') }} as document_number,
        {{ trimmed('external_id') }} as external_id,
        {{ trimmed('order_name') }} as order_name,
        status_code as source_status,
        coalesce(status_code = 'C', false) as is_cancelled,
        upper({{ trimmed('currency_code') }}) as currency_code,
        total_amount,
        document_date as order_date,
        created_at,
        {{ believed('updated_at') }} as changed_at
    from live

)

select * from cleaned
