{# A sale that is created tonight begins in the state `processing`, so the status of its
   order is known. #}
with stg_salesforce__orders as (

    select * from {{ ref('stg_salesforce__orders') }}

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'salesforce' and is_primary

),

int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}
    where (field, system, golden_system) = ('order_status', 'salesforce', 'tryton')

),

int_orders__delivery_corrections as (

    select * from {{ ref('int_orders__delivery_corrections') }}
    where system = 'salesforce'

),

int_orders__to_create as (

    select * from {{ ref('int_orders__to_create') }}
    where system = 'tryton'

),

order_statuses as (

    select * from {{ ref('order_statuses') }}
    where system = 'tryton' and source_status = 'processing'

),

expected as (

    select
        to_create.order_name,
        order_statuses.order_status
    from int_orders__to_create as to_create
    cross join order_statuses

),

desired as (

    select
        coalesce(primaries.order_name, orders.order_source_id) as _entity_id,
        orders.order_source_id as _key,
        case
            when statuses.golden_value is not null then 'from tryton: sale state'
            when expected.order_status is not null then 'its sale is created tonight'
            when told.order_name is not null then 'from ' || told.golden_system
            else 'agrees'
        end as _reason,
        coalesce(
            statuses.golden_value, expected.order_status, orders.source_status
        ) as order_status,
        told.delivery_status
    from stg_salesforce__orders as orders
    left join int_orders__identified as primaries
        on orders.order_source_id = primaries.record_key
    left join int_fields__disagreements as statuses
        on primaries.order_name = statuses.golden_id
    left join int_orders__delivery_corrections as told
        on primaries.order_name = told.order_name
    left join expected on primaries.order_name = expected.order_name

)

select * from desired
