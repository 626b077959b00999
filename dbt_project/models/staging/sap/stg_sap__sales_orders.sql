{# One row per sales order; it is cancelled where every item has a reason for rejection. #}
with sales_orders as (

    select * from {{ source('sap', 'sap__sales_orders') }}

),

live as (

    select * from sales_orders
    where not _is_deleted

),

cleaned as (

    select
        _key as stored_source_id,
        {{ without_leading_zeros('_key') }} as order_source_id,
        {{ without_leading_zeros('partner_source_id') }} as partner_source_id,
        {{ trimmed('reference') }} as order_name,
        {{ trimmed('order_type') }} as order_type,
        {{ trimmed('process_status') }} as source_status,
        upper({{ trimmed('currency_code') }}) as currency_code,
        reference as stored_reference,
        total_amount,
        jsonb_array_length(items) > 0 and not exists (
            select 1 from jsonb_array_elements(items) as list (item)
            where coalesce(item ->> 'SalesDocumentRjcnReason', '') = ''
        ) as is_cancelled,
        order_date,
        changed_at
    from live

)

select * from cleaned
