{# One row per order record whose status disagrees with that of its order, with the
   right status in the system's own words. #}
{{ config(tags=['marts']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_primary

),

int_orders__statuses as (

    select * from {{ ref('int_orders__statuses') }}

),

written_statuses as (

    select * from {{ ref('int_systems__written_statuses') }}

),

moved as (

    select
        orders.system,
        orders.record_key,
        orders.order_name,
        written_statuses.source_status,
        statuses.reason
    from int_orders__identified as orders
    inner join int_orders__statuses as statuses
        on orders.order_name = statuses.order_name
    inner join written_statuses
        on
            orders.system = written_statuses.system
            and statuses.order_status = written_statuses.order_status
    where
        orders.order_status is distinct from statuses.order_status
        and orders.system <> statuses.system

)

select * from moved
