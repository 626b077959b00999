{# One row per order of the wholesale department that the CRM lacks and can receive: its
   company has an account or gets one tonight. #}
{{ config(tags=['marts']) }}

with int_wholesale__expected as (

    select * from {{ ref('int_wholesale__expected') }}
    where not is_present and hold_reason is null

),

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}
    where system = 'salesforce'

),

joined as (

    select
        orders.order_number,
        coalesce(
            orders.account_source_id, '@accounts/' || new_accounts.customer_id
        ) as account_source_id,
        orders.customer_reference,
        orders.currency_code,
        orders.total_amount,
        orders.order_date
    from int_wholesale__expected as orders
    left join int_customers__to_create as new_accounts
        on orders.customer_golden_id = new_accounts.customer_id
    where
        coalesce(orders.account_source_id, new_accounts.customer_id) is not null
        and orders.order_date is not null

)

select * from joined
