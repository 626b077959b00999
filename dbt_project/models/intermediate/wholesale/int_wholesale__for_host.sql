{# One row per live order of the shop that the wholesale department's host should
   receive: the host knows the company by one number, and the order is younger than
   `handed_over_days`. The host ships each order that it receives, and older orders have
   been shipped another way. #}
{{ config(tags=['marts']) }}

with int_wholesale__systems as (

    select * from {{ ref('int_wholesale__systems') }}

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where
        {{ plays('system', 'shop') }}
        and is_primary
        and not is_cancelled
        and order_date
        >= {{ run_time() }}::date - interval '{{ var("handed_over_days") }} days'
        and order_date <= {{ run_time() }}::date + 1

),

int_wholesale__customers as (

    select * from {{ ref('int_wholesale__customers') }}
    where customer_golden_id is not null

),

read_systems as (

    select system
    from {{ ref('int_cash__read_resources') }}
    where {{ holds('order_request') }}
    group by system

),

flows as (

    select * from {{ ref('int_systems__flows') }}
    where entity = 'order_request'

),

companies as (

    select
        customer_golden_id,
        min(customer_number) as customer_number
    from int_wholesale__customers
    group by customer_golden_id
    having count(*) = 1

),

joined as (

    select
        orders.order_name,
        companies.customer_number,
        orders.currency_code,
        orders.order_date
    from int_orders__identified as orders
    cross join int_wholesale__systems as systems
    inner join read_systems on systems.host = read_systems.system
    inner join flows on systems.host = flows.system
    inner join companies on orders.customer_golden_id = companies.customer_golden_id

)

select * from joined
