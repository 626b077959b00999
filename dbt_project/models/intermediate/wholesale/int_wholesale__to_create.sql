{# One row per order of the wholesale department that the CRM lacks and can receive: its
   company has a record there or gets one tonight, by its golden id. #}
{{ config(tags=['marts']) }}

with int_wholesale__expected as (

    select * from {{ ref('int_wholesale__expected') }}
    where not is_present and hold_reason is null

),

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}

),

joined as (

    select
        orders.system,
        orders.order_number,
        orders.customer_record_key,
        case when orders.customer_record_key is null then new_customers.customer_id end
        as new_customer_id,
        orders.customer_reference,
        orders.currency_code,
        orders.total_amount,
        orders.order_date
    from int_wholesale__expected as orders
    left join int_customers__to_create as new_customers
        on
            orders.customer_golden_id = new_customers.customer_id
            and orders.system = new_customers.system
    where
        coalesce(orders.customer_record_key, new_customers.customer_id) is not null
        and orders.order_date is not null

)

select * from joined
