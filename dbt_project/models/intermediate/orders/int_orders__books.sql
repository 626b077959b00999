{# One row per system that should get the shop's orders and whose own orders were read:
   a record can only be missing in a system that was read. If customers are created in
   the system too, an order waits for its customer; otherwise orders are expected only
   for customers that exist there. #}
{{ config(tags=['marts', 'measure']) }}

with flows as (

    select * from {{ ref('flows') }}
    where is_creation_wanted

),

int_cash__read_resources as (

    select * from {{ ref('int_cash__read_resources') }}

),

order_resources (system, resource, has_lines) as (

    values
    ('tryton', 'sales', true),
    ('sap', 'sales_orders', true),
    ('netsuite', 'sales_orders', true),
    ('hubspot', 'deals', false)

),

joined as (

    select
        order_resources.system,
        order_resources.has_lines,
        customer_flows.system is not null as gets_customers
    from order_resources
    inner join int_cash__read_resources as heard
        on
            order_resources.system = heard.system
            and order_resources.resource = heard.resource
    inner join flows as order_flows
        on order_resources.system = order_flows.system and order_flows.entity = 'order'
    left join flows as customer_flows
        on
            order_resources.system = customer_flows.system
            and customer_flows.entity = 'customer'

)

select * from joined
