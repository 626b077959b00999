{# One row per sales order. It is cancelled if all its items have a reason for
   rejection. #}
with live as (

    select * from {{ source('sap', 'sap__sales_orders') }}
    where not _is_deleted

),

cleaned as (

    select
        live._key as stored_source_id,
        {{ without_leading_zeros('live._key') }} as order_source_id,
        {{ without_leading_zeros('live.partner_source_id') }} as partner_source_id,
        {{ trimmed('live.reference') }} as order_name,
        {{ trimmed('live.order_type') }} as order_type,
        {{ trimmed('live.process_status') }} as source_status,
        upper({{ trimmed('live.currency_code') }}) as currency_code,
        live.reference as stored_reference,
        live.total_amount,
        jsonb_array_length(live.items) > 0 and not exists (
            select 1 from jsonb_array_elements(live.items) as listed (item)
            where coalesce(listed.item ->> 'SalesDocumentRjcnReason', '') = ''
        ) as is_cancelled,
        live.order_date,
        {{ believed('live.changed_at') }} as changed_at
    from live

)

select * from cleaned
