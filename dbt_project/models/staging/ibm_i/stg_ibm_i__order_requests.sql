{# One row per order that Concord handed to the host. #}
with live as (

    select * from {{ source('ibm_i', 'ibm_i__order_requests') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as request_reference,
        customer_number,
        upper({{ trimmed('currency_code') }}) as currency_code,
        total_amount,
        line_count,
        ordered_on as order_date,
        run_number,
        {{ believed('run_at') }} as changed_at
    from live

)

select * from cleaned
