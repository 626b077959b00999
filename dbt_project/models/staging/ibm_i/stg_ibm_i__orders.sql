{# One row per wholesale order. Orders that the host marked as deleted are left out. #}
with live as (

    select * from {{ source('ibm_i', 'ibm_i__orders') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as order_number,
        customer_number,
        {{ trimmed('customer_reference') }} as customer_reference,
        order_status as source_status,
        upper({{ trimmed('currency_code') }}) as currency_code,
        total_amount,
        line_count,
        ordered_on as order_date,
        ordered_at,
        requested_on,
        {{ trimmed('sales_representative') }} as sales_representative,
        run_number,
        {{ believed('run_at') }} as changed_at,
        order_status = 'C' as is_cancelled
    from live

)

select * from cleaned
