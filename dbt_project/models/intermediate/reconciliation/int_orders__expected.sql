{# One row per live order of the shop and system that should have it. `hold_reason` says
   why a missing order cannot be created yet. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_primary

),

int_orders__books as (

    select * from {{ ref('int_orders__books') }}

),

int_orders__unsellable as (

    select * from {{ ref('int_orders__unsellable') }}

),

int_fields__golden as (

    select * from {{ ref('int_fields__golden') }}
    where entity = 'order' and field = 'customer'

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where is_primary and not is_incomplete

),

int_customers__expected as (

    select * from {{ ref('int_customers__expected') }}

),

int_customers__blocked as (

    select * from {{ ref('int_customers__blocked') }}

),

int_customers__refused as (

    select * from {{ ref('int_customers__refused') }}

),

int_orders__refused as (

    select * from {{ ref('int_orders__refused') }}

),

judged as (

    select
        orders.order_name,
        books.system,
        books.needs_address,
        orders.system as shop_system,
        present.record_key,
        owners.value as customer_golden_id,
        customers.record_key as customer_source_id,
        customers.address_source_id,
        case
            when present.record_key is not null then null
            when refused.order_name is not null then 'quarantined'
            when customer_holds.hold_reason is not null then customer_holds.hold_reason
            when owners.value is null and refused_customers.record_key is null
                then 'missing_value'
            when owners.value is null then 'quarantined'
            when blocked.record_key is not null then 'blocked'
            when unsellable.order_name is not null then 'unknown_product'
            when {{ is_unreadable_currency('orders.currency_code') }} then 'unreadable'
        end as hold_reason,
        present.record_key is not null as is_present
    from int_orders__identified as orders
    cross join int_orders__books as books
    left join int_orders__identified as present
        on orders.order_name = present.order_name and books.system = present.system
    left join int_fields__golden as owners on orders.order_name = owners.golden_id
    left join int_customers__identified as customers
        on owners.value = customers.golden_id and books.system = customers.system
    left join int_customers__expected as customer_holds
        on
            owners.value = customer_holds.golden_id
            and books.system = customer_holds.system
    left join int_customers__blocked as blocked
        on
            customers.record_key = blocked.record_key
            and customers.system = blocked.system
    left join int_orders__unsellable as unsellable
        on
            orders.order_name = unsellable.order_name
            and books.system = unsellable.system
    left join int_orders__refused as refused
        on orders.order_name = refused.order_name and books.system = refused.system
    left join int_customers__refused as refused_customers
        on
            orders.system = refused_customers.system
            and orders.customer_record_key = refused_customers.record_key
    where
        orders.is_original
        and not orders.is_cancelled
        and (
            books.gets_customers
            or present.record_key is not null
            or customers.record_key is not null
        )

)

select * from judged
