{# One row per live order of the shop that somebody has to pay. Settled: old enough to
   have been paid, invoiced and, once the ERP calls it done, shipped; what a younger
   order lacks is a matter of time. #}
{{ config(tags=['marts', 'measure']) }}

with stg_shopify__orders as (

    select * from {{ ref('stg_shopify__orders') }}
    where not is_test and not is_cancelled

),

stg_shopify__order_lines as (

    select * from {{ ref('stg_shopify__order_lines') }}

),

stg_shopify__refunds as (

    select * from {{ ref('stg_shopify__refunds') }}

),

stg_shopify__fulfillments as (

    select * from {{ ref('stg_shopify__fulfillments') }}
    where coalesce(fulfillment_status, '') not in ('cancelled', 'error', 'failure')

),

done as (

    select distinct order_name
    from {{ ref('stg_tryton__sales') }}
    where source_status = 'done'

),

lines as (

    select
        order_source_id,
        sum(quantity) as ordered_quantity
    from stg_shopify__order_lines
    group by order_source_id

),

refunds as (

    select
        order_source_id,
        sum(refunded_amount) as refunded_amount
    from stg_shopify__refunds
    group by order_source_id

),

parcels as (

    select
        order_source_id,
        count(*) as parcel_count,
        sum(shipped_quantity) as shipped_quantity
    from stg_shopify__fulfillments
    group by order_source_id

),

joined as (

    select
        orders.order_name,
        orders.order_source_id,
        orders.currency_code,
        orders.total_amount,
        orders.ordered_at,
        orders.ordered_at
        < {{ run_time() }} - interval '{{ var("settling_hours") }} hours' as is_settled,
        done.order_name is not null as is_done,
        lines.ordered_quantity,
        coalesce(refunds.refunded_amount, 0) as refunded_amount,
        coalesce(parcels.parcel_count, 0) as parcel_count,
        coalesce(parcels.shipped_quantity, 0) as shipped_quantity
    from stg_shopify__orders as orders
    left join done on orders.order_name = done.order_name
    left join lines on orders.order_source_id = lines.order_source_id
    left join refunds on orders.order_source_id = refunds.order_source_id
    left join parcels on orders.order_source_id = parcels.order_source_id

)

select * from joined
