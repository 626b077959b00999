{# One row per live order. #}
with live as (

    select * from {{ source('shopify', 'shopify__orders') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as order_source_id,
        customer_source_id,
        {{ trimmed('order_name') }} as order_name,
        upper({{ trimmed('currency_code') }}) as currency_code,
        total_amount,
        coalesce(is_test, false) as is_test,
        cancelled_at is not null as is_cancelled,
        created_at as ordered_at,
        {{ believed('updated_at') }} as changed_at
    from live

)

select * from cleaned
