{# One row per system that should get the shop's orders and whose own orders were read:
   a record can only be missing in a system that was read. If customers are created in
   the system too, an order waits for its customer; otherwise orders are expected only
   for customers that exist there. #}
{{ config(tags=['marts', 'measure']) }}

with int_systems__flows as (

    select * from {{ ref('int_systems__flows') }}

),

heard as (

    select system
    from {{ ref('int_cash__read_resources') }}
    where {{ holds('order') }}
    group by system

),

joined as (

    select
        order_flows.system,
        order_flows.has_lines,
        order_flows.needs_address,
        customer_flows.system is not null as gets_customers
    from int_systems__flows as order_flows
    inner join heard on order_flows.system = heard.system
    left join int_systems__flows as customer_flows
        on
            order_flows.system = customer_flows.system
            and customer_flows.entity = 'customer'
    where order_flows.entity = 'order'

)

select * from joined
