{# One row per system and parcel (CRM: order), with the delivery status it shows. #}
{{ config(tags=['marts', 'measure']) }}

with int_shipments__parcels as (

    select * from {{ ref('int_shipments__parcels') }}

),

stg_shopify__fulfillment_orders as (

    select * from {{ ref('stg_shopify__fulfillment_orders') }}
    where fulfillment_source_id is not null

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'salesforce' and is_primary

),

stg_salesforce__orders as (

    select * from {{ ref('stg_salesforce__orders') }}

),

delivery_statuses as (

    select * from {{ ref('delivery_statuses') }}

),

said as (

    select
        'shopify' as system,
        order_name,
        order_source_id as record_key,
        source_status,
        null as delivered_on
    from stg_shopify__fulfillment_orders

    union all

    select
        'salesforce' as system,
        orders.order_name,
        orders.order_source_id as record_key,
        orders.delivery_status as source_status,
        orders.delivered_on
    from stg_salesforce__orders as orders
    inner join int_orders__identified as identified
        on orders.order_source_id = identified.record_key

)

select
    'fedex' as system,
    order_name,
    tracking_number as record_key,
    source_status,
    delivered_on,
    delivery_status
from int_shipments__parcels

union all

select
    said.*,
    delivery_statuses.delivery_status
from said
left join delivery_statuses
    on
        said.system = delivery_statuses.system
        and said.source_status = delivery_statuses.source_status
