{# One row per order of the wholesale department's host that it has not cancelled,
   including orders that validation quarantined. A refused order is left out until the
   host sends it again. `is_settled`: the order was read long enough ago to have reached
   the CRM. #}
{{ config(tags=['marts', 'measure']) }}

with int_wholesale__systems as (

    select * from {{ ref('int_wholesale__systems') }}

),

int_wholesale__host_orders as (

    select * from {{ ref('int_wholesale__host_orders') }}

),

stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where stage = 'validate' and {{ holds('wholesale_order') }}

),

set_aside as (

    select
        letters.record_key as order_number,
        max(letters.first_seen_at) as changed_at,
        min(letters.message) as fault
    from stg_concord__dead_letters as letters
    inner join int_wholesale__systems as systems on letters.system = systems.host
    left join int_wholesale__host_orders as orders
        on letters.record_key = orders.order_number
    where
        letters.record_key is not null
        and orders.order_number is null
        and {{ is_wholesale_worked_on('letters.record_key') }}
    group by letters.record_key

),

told as (

    select
        order_number,
        customer_number,
        customer_reference,
        null as fault,
        currency_code,
        total_amount,
        order_date,
        changed_at
    from int_wholesale__host_orders
    where not is_cancelled and not coalesce(changed_at <= refused_at, false)

    union all

    select
        order_number,
        null as customer_number,
        null as customer_reference,
        fault,
        null as currency_code,
        null as total_amount,
        null as order_date,
        changed_at
    from set_aside

)

select
    told.*,
    not {{ is_younger_than('told.changed_at', var('settling_hours') ~ ' hours') }}
    as is_settled
from told
