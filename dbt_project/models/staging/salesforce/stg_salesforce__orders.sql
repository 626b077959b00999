with orders as (

    select * from {{ source('salesforce', 'salesforce__orders') }}

),

live as (

    select * from orders
    where not _is_deleted

),

cleaned as (

    select
        _key as order_source_id,
        account_source_id,
        {{ trimmed('shop_order_name') }} as order_name,
        order_status as source_status,
        upper({{ trimmed('currency_code') }}) as currency_code,
        total_amount,
        effective_date as order_date,
        updated_at as changed_at
    from live

)

select * from cleaned
