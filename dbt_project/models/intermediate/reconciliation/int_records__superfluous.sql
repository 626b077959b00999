{# One row per record that should not exist: the second record of one thing in one
   system, the live sale of an order that the shop cancelled, or orders of two shops
   under one name. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

int_products__identified as (

    select * from {{ ref('int_products__identified') }}

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}

),

int_orders__unioned as (

    select * from {{ ref('int_orders__unioned') }}

),

found as (

    select
        'customer' as entity,
        golden_id,
        system,
        record_key,
        'duplicate' as cause
    from int_customers__identified
    where not is_primary

    union all

    select
        'product' as entity,
        golden_id,
        system,
        record_key,
        'duplicate' as cause
    from int_products__identified
    where not is_primary

    union all

    select
        'order' as entity,
        order_name as golden_id,
        system,
        record_key,
        'duplicate' as cause
    from int_orders__identified
    where not is_primary and not is_cancelled

    union all

    select
        'order' as entity,
        sales.order_name as golden_id,
        sales.system,
        sales.record_key,
        'state' as cause
    from int_orders__identified as sales
    inner join int_orders__identified as orders
        on sales.order_name = orders.order_name
    where
        {{ plays('sales.system', 'erp') }}
        and sales.is_primary
        and not sales.is_cancelled
        and orders.is_original
        and orders.is_cancelled

    union all

    select
        'order' as entity,
        order_name as golden_id,
        system,
        record_key,
        'duplicate' as cause
    from int_orders__unioned
    where is_ambiguous and {{ plays('system', 'shop') }}

)

select * from found
