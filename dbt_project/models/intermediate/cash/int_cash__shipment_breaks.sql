{# One row per order that the ERP calls done and that was not shipped completely, or
   whose parcel the shop does not know; and one row per parcel that the carrier does not
   know. #}
{{ config(tags=['marts', 'measure']) }}

with int_cash__orders as (

    select * from {{ ref('int_cash__orders') }}
    where is_done

),

stg_shopify__fulfillments as (

    select * from {{ ref('stg_shopify__fulfillments') }}
    where tracking_number is not null

),

stg_fedex__tracking as (

    select * from {{ ref('stg_fedex__tracking') }}

),

int_shipments__parcels as (

    select
        order_source_id,
        bool_or(is_in_shop) as is_in_shop,
        min(tracking_number) filter (
            where not is_in_shop and delivery_status is not null
        ) as untold_number
    from {{ ref('int_shipments__parcels') }}
    group by order_source_id

),

carrier_was_asked as (

    select * from {{ ref('int_cash__read_resources') }}
    where system = 'fedex' and resource = 'tracking'

),

judged as (

    select
        'shopify' as system,
        orders.order_name as golden_id,
        case
            when orders.parcel_count > 0 then 'shipped_quantity'
            when told.untold_number is not null then 'tracking_number'
            else 'exists'
        end as field,
        orders.order_source_id as record_key,
        case when told.untold_number is null then 'tryton' else 'fedex' end
        as golden_system,
        case when told.untold_number is null then orders.shipped_quantity::text end
        as system_value,
        coalesce(told.untold_number, orders.ordered_quantity::text) as golden_value,
        case
            when told.is_in_shop then null
            when orders.parcel_count = 0 and not orders.is_settled then 'timing'
            when orders.parcel_count = 0 then 'missing_record'
            when orders.shipped_quantity <> orders.ordered_quantity then 'amount'
        end as cause
    from int_cash__orders as orders
    left join int_shipments__parcels as told
        on
            orders.order_source_id = told.order_source_id
            and orders.parcel_count = 0

    union all

    select
        'fedex' as system,
        orders.order_name as golden_id,
        'exists' as field,
        parcels.tracking_number as record_key,
        'tryton' as golden_system,
        null as system_value,
        parcels.tracking_number as golden_value,
        case
            when {{ is_younger_than('parcels.shipped_at', '1 day') }} then 'timing'
            else 'missing_record'
        end as cause
    from int_cash__orders as orders
    inner join stg_shopify__fulfillments as parcels
        on orders.order_source_id = parcels.order_source_id
    cross join carrier_was_asked
    left join stg_fedex__tracking as tracking
        on parcels.tracking_number = tracking.tracking_number
    where tracking.tracking_number is null and lower(parcels.carrier_name) = 'fedex'

)

select
    'shipment' as entity,
    judged.*
from judged
where judged.cause is not null
