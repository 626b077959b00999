{# One row per difference between an order of the wholesale department and the CRM's
   record of it. #}
{{ config(tags=['marts', 'measure']) }}

with int_wholesale__systems as (

    select * from {{ ref('int_wholesale__systems') }}

),

int_wholesale__expected as (

    select * from {{ ref('int_wholesale__expected') }}

),

int_wholesale__crm_orders as (

    select * from {{ ref('int_wholesale__crm_orders') }}
    where not is_deleted

),

int_wholesale__host_orders as (

    select * from {{ ref('int_wholesale__host_orders') }}
    where is_cancelled

),

tolerances as (

    select * from {{ ref('tolerances') }}
    where entity = 'wholesale_order' and field = 'total_amount'

),

judged as (

    select
        orders.order_number as golden_id,
        case
            when not orders.is_present then 'exists'
            when {{ is_unreadable_currency('orders.crm_currency_code') }}
                then 'currency_code'
            when orders.crm_currency_code <> orders.currency_code then 'currency_code'
            else 'total_amount'
        end as field,
        orders.system,
        orders.record_key,
        orders.golden_system,
        orders.crm_amount::text as system_value,
        coalesce(orders.total_amount::text, orders.order_number) as golden_value,
        case
            when not orders.is_present and orders.hold_reason is not null
                then orders.hold_reason
            when not orders.is_present and not orders.is_settled then 'timing'
            when not orders.is_present then 'missing_record'
            when {{ is_unreadable_currency('orders.crm_currency_code') }}
                then 'unreadable'
            when orders.crm_currency_code <> orders.currency_code then 'currency'
            when
                orders.crm_amount is null
                or abs(orders.crm_amount - orders.total_amount)
                > tolerances.tolerated_amount
                then 'amount'
        end as cause
    from int_wholesale__expected as orders
    cross join tolerances

    union all

    select
        orders.order_number as golden_id,
        'exists' as field,
        orders.system,
        orders.record_key,
        systems.host as golden_system,
        orders.record_key as system_value,
        null as golden_value,
        'duplicate' as cause
    from int_wholesale__crm_orders as orders
    cross join int_wholesale__systems as systems
    where not orders.is_primary

    union all

    select
        orders.order_number as golden_id,
        'exists' as field,
        crm_orders.system,
        crm_orders.record_key,
        orders.system as golden_system,
        crm_orders.record_key as system_value,
        null as golden_value,
        'state' as cause
    from int_wholesale__host_orders as orders
    inner join int_wholesale__crm_orders as crm_orders
        on orders.order_number = crm_orders.order_number
    where crm_orders.is_primary and not crm_orders.is_cancelled

)

select
    'wholesale_order' as entity,
    judged.*
from judged
where judged.cause is not null
