{# One row per live order and system that knows the delivery status of the order's
   parcels. The parcel that is furthest behind decides. If one of them has a status
   without a translation, the order has that status as it is written, and none of ours.
   There is no row while the carrier was never read. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_original and not is_cancelled

),

int_shipments__statuses as (

    select * from {{ ref('int_shipments__statuses') }}

),

carrier_was_asked as (

    select count(*) > 0 as is_asked
    from {{ ref('int_cash__read_resources') }}
    where {{ plays('system', 'carrier') }}

),

counted as (

    select
        system,
        order_name,
        min(record_key) as record_key,
        max(delivered_on) as delivered_on,
        bool_or(delivery_status = 'exception') as has_exception,
        bool_or(delivery_status = 'in_transit') as has_in_transit,
        bool_or(delivery_status = 'out_for_delivery') as has_out_for_delivery,
        bool_and(delivery_status is not null) as is_known,
        min(source_status) filter (
            where delivery_status is null
        ) as untranslated_status
    from int_shipments__statuses
    group by system, order_name

),

judged as (

    select
        counted.order_name,
        counted.system,
        counted.record_key,
        case
            when counted.untranslated_status is not null then null
            when counted.has_exception then 'exception'
            when counted.has_in_transit then 'in_transit'
            when counted.has_out_for_delivery then 'out_for_delivery'
            else 'delivered'
        end as delivery_status,
        counted.untranslated_status,
        counted.delivered_on,
        orders.changed_at
    from counted
    inner join int_orders__identified as orders
        on counted.order_name = orders.order_name
    cross join carrier_was_asked
    where
        (counted.is_known or counted.untranslated_status is not null)
        and carrier_was_asked.is_asked

)

select * from judged
