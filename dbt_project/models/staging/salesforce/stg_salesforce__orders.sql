{# One row per live order of the CRM. #}
with live as (

    select * from {{ source('salesforce', 'salesforce__orders') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as order_source_id,
        account_source_id,
        {{ trimmed('shop_order_name') }} as order_name,
        order_status as source_status,
        upper({{ trimmed('currency_code') }}) as currency_code,
        {{ trimmed("regexp_replace(delivery_status, '[0-9-]*$', '')") }}
        as delivery_status,
        substring(delivery_status, '[0-9]{4}-[0-9]{2}-[0-9]{2}$') as delivered_on,
        total_amount,
        effective_date as order_date,
        {{ believed('updated_at') }} as changed_at
    from live

)

select * from cleaned
