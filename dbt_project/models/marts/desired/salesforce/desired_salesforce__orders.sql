with stg_salesforce__orders as (

    select * from {{ ref('stg_salesforce__orders') }}

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'salesforce' and is_primary

),

int_orders__status_corrections as (

    select * from {{ ref('int_orders__status_corrections') }}
    where system = 'salesforce'

),

int_orders__delivery_corrections as (

    select * from {{ ref('int_orders__delivery_corrections') }}
    where system = 'salesforce'

),

desired as (

    select
        coalesce(primaries.order_name, orders.order_source_id) as _entity_id,
        orders.order_source_id as _key,
        coalesce(statuses.reason, 'from ' || told.golden_system, 'agrees') as _reason,
        coalesce(statuses.source_status, orders.source_status) as order_status,
        told.delivery_status
    from stg_salesforce__orders as orders
    left join int_orders__identified as primaries
        on orders.order_source_id = primaries.record_key
    left join int_orders__status_corrections as statuses
        on orders.order_source_id = statuses.record_key
    left join int_orders__delivery_corrections as told
        on primaries.order_name = told.order_name

)

select * from desired
