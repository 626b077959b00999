{# One row per order of the CRM that carries an order number of the wholesale
   department's host, including deleted orders. #}
with orders as (

    select * from {{ source('salesforce', 'salesforce__wholesale_orders') }}

),

cleaned as (

    select
        _key as order_source_id,
        {{ trimmed('order_number') }} as order_number,
        crm_order_number,
        account_source_id,
        order_status as source_status,
        upper({{ trimmed('currency_code') }}) as currency_code,
        wholesale_amount as total_amount,
        _is_deleted as is_deleted,
        {{ believed('updated_at') }} as changed_at
    from orders

)

select * from cleaned
