{# One row per live order of the shop that has to be paid. `is_settled`: it is old
   enough to have been paid, invoiced and, if the ERP calls it done, shipped. What a
   younger order lacks may still arrive. #}
{{ config(tags=['marts', 'measure']) }}

with stg_shopify__orders as (

    select * from {{ ref('stg_shopify__orders') }}
    where not is_test and not is_cancelled

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
    from {{ ref('stg_shopify__order_lines') }}
    group by order_source_id

),

refunds as (

    select
        order_source_id,
        sum(refunded_amount) as refunded_amount
    from {{ ref('stg_shopify__refunds') }}
    group by order_source_id

),

parcels as (

    select
        order_source_id,
        count(*) as parcel_count,
        sum(shipped_quantity) as shipped_quantity
    from {{ ref('stg_shopify__fulfillments') }}
    where coalesce(fulfillment_status, '') not in ('cancelled', 'error', 'failure')
    group by order_source_id

),

joined as (

    select
        orders.order_name,
        orders.order_source_id,
        orders.currency_code,
        orders.total_amount,
        orders.ordered_at,
        not {{ is_younger_than('orders.ordered_at', var('settling_hours') ~ ' hours') }}
        as is_settled,
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
