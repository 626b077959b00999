{# The contents of a parcel come from the shop, its status from the carrier. If two
   accounts with one carrier know a parcel, the first one counts. #}
with int_shipments__shop_parcels as (

    select * from {{ ref('int_shipments__shop_parcels') }}

),

int_orders__records as (

    select * from {{ ref('int_orders__records') }}

),

int_shipments__carrier_parcels as (

    select * from {{ ref('int_shipments__carrier_parcels') }}
    where is_tracked

),

int_systems__delivery_statuses as (

    select * from {{ ref('int_systems__delivery_statuses') }}

),

tracked as (

    select
        *,
        row_number() over (
            partition by lower(carrier_name), tracking_number
            order by {{ rank_of('system') }}
        ) as version
    from int_shipments__carrier_parcels

),

joined as (

    select
        parcels.system,
        parcels.record_key as fulfillment_source_id,
        orders.order_name as order_id,
        parcels.carrier_name,
        parcels.tracking_number,
        parcels.source_status as fulfillment_status,
        case
            when tracking.tracking_number is not null
                then coalesce(statuses.delivery_status, 'unknown')
        end as parcel_status,
        tracking.source_status as carrier_status,
        tracking.exception_reason,
        parcels.shipped_quantity,
        coalesce(tracking.delivery_attempts, 0) as delivery_attempts,
        coalesce(statuses.delivery_status = 'delivered', false) as is_delivered,
        parcels.shipped_at,
        tracking.estimated_delivery_at,
        tracking.delivered_at
    from int_shipments__shop_parcels as parcels
    inner join int_orders__records as orders
        on
            parcels.system = orders.system
            and parcels.order_record_key = orders.record_key
    left join tracked as tracking
        on
            parcels.tracking_number = tracking.tracking_number
            and lower(parcels.carrier_name) = lower(tracking.carrier_name)
            and tracking.version = 1
    left join int_systems__delivery_statuses as statuses
        on
            tracking.system = statuses.system
            and tracking.source_status = statuses.source_status

)

select * from joined
