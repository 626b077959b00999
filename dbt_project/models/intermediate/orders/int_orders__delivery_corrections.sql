{# One row per order and system whose delivery status is wrong, with the right status in
   the system's own words. A delivered order has the day of delivery as well. #}
{{ config(tags=['marts']) }}

with int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}
    where entity = 'order' and field = 'delivery_status'

),

int_orders__deliveries as (

    select * from {{ ref('int_orders__deliveries') }}

),

delivery_statuses as (

    select * from {{ ref('int_systems__delivery_statuses') }}
    where is_written

),

worded as (

    select
        fields.golden_id as order_name,
        fields.system,
        fields.golden_system,
        concat_ws(
            ' ',
            delivery_statuses.source_status,
            case
                when fields.golden_value = 'delivered' then deliveries.delivered_on
            end
        ) as delivery_status
    from int_fields__disagreements as fields
    inner join delivery_statuses
        on
            fields.system = delivery_statuses.system
            and fields.golden_value = delivery_statuses.delivery_status
    left join int_orders__deliveries as deliveries
        on
            fields.golden_id = deliveries.order_name
            and fields.golden_system = deliveries.system

)

select * from worded
