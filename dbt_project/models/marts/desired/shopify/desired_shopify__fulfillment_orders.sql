{# A parcel is written to the order's open fulfillment order if there is exactly one
   choice; otherwise a person has to choose. A parcel that the shop shows as delivered
   is not set back to in transit. #}
with stg_shopify__fulfillment_orders as (

    select * from {{ ref('stg_shopify__fulfillment_orders') }}

),

int_shipments__parcels as (

    select * from {{ ref('int_shipments__parcels') }}
    where system = 'shopify' and delivery_status is not null

),

int_systems__delivery_statuses as (

    select * from {{ ref('int_systems__delivery_statuses') }}
    where system = 'shopify'

),

choices as (

    select
        held.fulfillment_order_source_id,
        parcels.tracking_number,
        count(*) over (partition by held.order_source_id) as choice_count
    from stg_shopify__fulfillment_orders as held
    inner join int_shipments__parcels as parcels
        on held.order_source_id = parcels.order_record_key and not parcels.is_in_shop
    where
        held.fulfillment_order_status in ('open', 'in_progress')
        and held.fulfillment_source_id is null

),

desired as (

    select
        concat_ws(
            ':', held.order_name, substring(held.fulfillment_order_source_id, '[0-9]+$')
        ) as _entity_id,
        held.fulfillment_order_source_id as _key,
        case
            when untold.tracking_number is not null
                then 'from ' || parcels.carrier || ': its parcel'
            when written.source_status is not null
                then 'from ' || parcels.carrier || ': delivery status'
            else 'agrees'
        end as _reason,
        case when untold.tracking_number is not null then parcels.carrier_name end
        as carrier_name,
        untold.tracking_number,
        written.source_status as delivery_status
    from stg_shopify__fulfillment_orders as held
    left join choices as untold
        on
            held.fulfillment_order_source_id = untold.fulfillment_order_source_id
            and untold.choice_count = 1
    left join int_shipments__parcels as parcels
        on
            held.order_source_id = parcels.order_record_key
            and coalesce(held.tracking_number, untold.tracking_number)
            = parcels.tracking_number
    left join int_systems__delivery_statuses as known
        on held.source_status = known.source_status
    left join int_systems__delivery_statuses as written
        on
            parcels.delivery_status = written.delivery_status
            and written.is_written
            and known.delivery_status is distinct from written.delivery_status
            and known.delivery_status is distinct from 'delivered'

)

select * from desired
