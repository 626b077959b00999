{# One row per live order of the shop that has to be paid. `is_settled`: it is old
   enough to have been paid, invoiced and, if the ERP calls it done, shipped. `done_by`
   is the ERP that calls it done. Orders of two shops under one name are left out; of
   two orders of one shop the oldest counts. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__unioned as (

    select distinct on (order_name) * from {{ ref('int_orders__unioned') }}
    where
        {{ plays('system', 'shop') }}
        and not is_test
        and not is_cancelled
        and not is_ambiguous
    order by order_name, length(record_key), record_key

),

int_orders__done as (

    select * from {{ ref('int_orders__done') }}

),

int_cash__ordered as (

    select * from {{ ref('int_cash__ordered') }}

),

int_cash__shop_refunds as (

    select * from {{ ref('int_cash__shop_refunds') }}

),

int_shipments__shop_parcels as (

    select * from {{ ref('int_shipments__shop_parcels') }}
    where not is_void

),

refunds as (

    select
        system,
        order_record_key,
        sum(refunded_amount) as refunded_amount
    from int_cash__shop_refunds
    group by system, order_record_key

),

parcels as (

    select
        system,
        order_record_key,
        count(*) as parcel_count,
        sum(shipped_quantity) as shipped_quantity
    from int_shipments__shop_parcels
    group by system, order_record_key

),

joined as (

    select
        orders.order_name,
        orders.system,
        orders.record_key,
        orders.currency_code,
        orders.total_amount,
        orders.ordered_at,
        not {{ is_younger_than('orders.ordered_at', var('settling_hours') ~ ' hours') }}
        as is_settled,
        done.system as done_by,
        lines.ordered_quantity,
        coalesce(refunds.refunded_amount, 0) as refunded_amount,
        coalesce(parcels.parcel_count, 0) as parcel_count,
        coalesce(parcels.shipped_quantity, 0) as shipped_quantity
    from int_orders__unioned as orders
    left join int_orders__done as done on orders.order_name = done.order_name
    left join int_cash__ordered as lines
        on
            orders.system = lines.system
            and orders.record_key = lines.order_record_key
    left join refunds
        on
            orders.system = refunds.system
            and orders.record_key = refunds.order_record_key
    left join parcels
        on
            orders.system = parcels.system
            and orders.record_key = parcels.order_record_key

)

select * from joined
