{# One row per order and system that lacks the order and can receive it: its customer,
   address and products exist there or, in the ERP, are created with it. #}
{{ config(tags=['marts']) }}

with int_orders__expected as (

    select * from {{ ref('int_orders__expected') }}
    where not is_present and hold_reason is null

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'shopify' and is_primary

),

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}

),

customers as (

    select * from {{ ref('customers') }}

),

joined as (

    select
        expected.system,
        expected.order_name,
        expected.customer_golden_id,
        coalesce(
            expected.customer_source_id, '@parties/' || new_customers.customer_id
        ) as customer_source_id,
        coalesce(
            expected.address_source_id, '@addresses/' || customers.customer_id
        ) as address_source_id,
        orders.record_key as order_source_id,
        orders.currency_code,
        orders.total_amount,
        orders.order_date
    from int_orders__expected as expected
    inner join int_orders__identified as orders
        on expected.order_name = orders.order_name
    inner join customers on expected.customer_golden_id = customers.customer_id
    left join int_customers__to_create as new_customers
        on
            expected.customer_golden_id = new_customers.customer_id
            and expected.system = new_customers.system
    where
        coalesce(expected.customer_source_id, new_customers.customer_id) is not null
        and (
            expected.system <> 'tryton'
            or expected.address_source_id is not null
            or customers.street is not null
        )

)

select * from joined
