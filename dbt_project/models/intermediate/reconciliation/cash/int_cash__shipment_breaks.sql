{# One row per order that the ERP calls done and that did not leave the house whole, and
   per parcel that the carrier does not know. #}
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

carrier_was_asked as (

    select * from {{ ref('int_cash__read_resources') }}
    where system = 'fedex' and resource = 'tracking'

),

judged as (

    select
        'shopify' as system,
        order_name as golden_id,
        case when parcel_count = 0 then 'exists' else 'shipped_quantity' end as field,
        order_source_id as record_key,
        shipped_quantity::text as system_value,
        ordered_quantity::text as golden_value,
        case
            when parcel_count = 0 and not is_settled then 'timing'
            when parcel_count = 0 then 'missing_record'
            when shipped_quantity <> ordered_quantity then 'amount'
        end as cause
    from int_cash__orders

    union all

    select
        'fedex' as system,
        orders.order_name as golden_id,
        'exists' as field,
        parcels.tracking_number as record_key,
        null as system_value,
        parcels.tracking_number as golden_value,
        case
            when parcels.shipped_at > {{ run_time() }} - interval '1 day' then 'timing'
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
