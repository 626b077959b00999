{# One row per order record with the golden id of its customer: by the key of its
   record, by the company it belongs to, or by the ERP's number. If the customer
   record was merged, the record that remains counts. All systems identify an order
   by the shop's order name. Of several records with one name the oldest live one is
   the primary; that of the shop is the original. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__unioned as (

    select * from {{ ref('int_orders__unioned') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

int_customers__merges as (

    select * from {{ ref('int_customers__merges') }}

),

order_statuses as (

    select * from {{ ref('int_systems__order_statuses') }}

),

int_orders__group_customers as (

    select * from {{ ref('int_orders__group_customers') }}

),

int_customers__numbers as (

    select * from {{ ref('int_customers__numbers') }}

),

test_orders as (

    select order_name
    from int_orders__unioned
    where is_test
    group by order_name

),

identified as (

    select
        orders.*,
        coalesce(
            customers.golden_id, groups.golden_id, numbers.golden_id
        ) as customer_golden_id,
        order_statuses.order_status,
        row_number() over (
            partition by orders.order_name, orders.system
            order by orders.is_cancelled, length(orders.record_key), orders.record_key
        ) = 1 as is_primary
    from int_orders__unioned as orders
    left join int_customers__merges as merged_away
        on
            orders.system = merged_away.system
            and orders.customer_record_key = merged_away.merged_key
    left join int_customers__identified as customers
        on
            orders.system = customers.system
            and coalesce(
                merged_away.record_key, orders.customer_record_key
            ) = customers.record_key
    left join int_orders__group_customers as groups
        on
            orders.system = groups.system
            and orders.customer_group_key = groups.group_key
    left join int_customers__numbers as numbers
        on {{ normalised_code('orders.customer_number') }} = numbers.account_key
    left join order_statuses
        on
            orders.system = order_statuses.system
            and orders.source_status = order_statuses.source_status
    left join test_orders on orders.order_name = test_orders.order_name
    where test_orders.order_name is null and not orders.is_ambiguous

)

select
    *,
    is_primary and {{ plays('system', 'shop') }} as is_original
from identified
