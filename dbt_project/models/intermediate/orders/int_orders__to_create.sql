{# One row per order and system that lacks the order and can receive it: its customer,
   address and products exist there or are created with it. `customer_source_id` and
   `address_source_id` are null where they are created tonight. #}
{{ config(tags=['marts']) }}

with int_orders__expected as (

    select * from {{ ref('int_orders__expected') }}
    where not is_present and hold_reason is null

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_original

),

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}

),

int_customers__numbers as (

    select * from {{ ref('int_customers__numbers') }}
    where is_first

),

customers as (

    select * from {{ ref('customers') }}

),

joined as (

    select
        expected.system,
        expected.order_name,
        expected.customer_golden_id,
        expected.customer_source_id,
        expected.address_source_id,
        numbers.account_number as customer_number,
        orders.system as shop_system,
        orders.record_key as order_source_id,
        orders.currency_code,
        orders.total_amount,
        orders.order_date,
        orders.ordered_at
    from int_orders__expected as expected
    inner join int_orders__identified as orders
        on expected.order_name = orders.order_name
    inner join customers on expected.customer_golden_id = customers.customer_id
    left join int_customers__to_create as new_customers
        on
            expected.customer_golden_id = new_customers.customer_id
            and expected.system = new_customers.system
    left join int_customers__numbers as numbers
        on expected.customer_golden_id = numbers.golden_id
    where
        coalesce(expected.customer_source_id, new_customers.customer_id) is not null
        and (
            not expected.needs_address
            or expected.address_source_id is not null
            or customers.street is not null
        )

)

select * from joined
