{# One row per system and parcel (shop and CRM: order), with the delivery status it
   shows. #}
{{ config(tags=['marts', 'measure']) }}

with int_shipments__parcels as (

    select * from {{ ref('int_shipments__parcels') }}

),

int_shipments__reports as (

    select * from {{ ref('int_shipments__reports') }}
    where is_shipped

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_primary

),

int_systems__delivery_statuses as (

    select * from {{ ref('int_systems__delivery_statuses') }}

),

said as (

    select
        reports.system,
        reports.order_name,
        reports.record_key,
        reports.source_status,
        reports.delivered_on,
        statuses.delivery_status
    from int_shipments__reports as reports
    inner join int_orders__identified as orders
        on reports.system = orders.system and reports.record_key = orders.record_key
    left join int_systems__delivery_statuses as statuses
        on
            reports.system = statuses.system
            and reports.source_status = statuses.source_status

)

select
    carrier as system,
    order_name,
    tracking_number as record_key,
    source_status,
    delivered_on,
    delivery_status
from int_shipments__parcels

union all

select * from said
