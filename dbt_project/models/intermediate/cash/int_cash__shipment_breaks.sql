{# One row per order that the ERP calls done and that was not shipped completely, or
   whose parcel the shop does not know; and one row per parcel that its carrier does not
   know. A shop that tells of no parcels lacks none. #}
{{ config(tags=['marts', 'measure']) }}

with int_cash__orders as (

    select * from {{ ref('int_cash__orders') }}
    where done_by is not null and {{ tells_of('system', 'shop_parcels') }}

),

int_shipments__shop_parcels as (

    select * from {{ ref('int_shipments__shop_parcels') }}
    where tracking_number is not null

),

int_shipments__carrier_parcels as (

    select * from {{ ref('int_shipments__carrier_parcels') }}
    where is_tracked

),

int_shipments__carriers as (

    select * from {{ ref('int_shipments__carriers') }}

),

int_shipments__parcels as (

    select
        *,
        not is_in_shop and delivery_status is not null as is_untold
    from {{ ref('int_shipments__parcels') }}

),

int_cash__read_resources as (

    select * from {{ ref('int_cash__read_resources') }}
    where {{ holds('shipment') }}

),

told as (

    select
        system,
        order_record_key,
        bool_or(is_in_shop) as is_in_shop,
        min(tracking_number) filter (where is_untold) as untold_number,
        {{ first_by('carrier', 'tracking_number', where='is_untold') }} as untold_by
    from int_shipments__parcels
    group by system, order_record_key

),

asked as (

    select
        lower(carriers.carrier_name) as carrier_name,
        min(carriers.system) as carrier
    from int_shipments__carriers as carriers
    inner join int_cash__read_resources
        on carriers.system = int_cash__read_resources.system
    group by lower(carriers.carrier_name)

),

judged as (

    select
        orders.order_name as golden_id,
        case
            when orders.parcel_count > 0 then 'shipped_quantity'
            when told.untold_number is not null then 'tracking_number'
            else 'exists'
        end as field,
        orders.system,
        orders.record_key,
        case when told.untold_number is null then orders.done_by else told.untold_by end
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
    left join told
        on
            orders.system = told.system
            and orders.record_key = told.order_record_key
            and orders.parcel_count = 0

    union all

    select
        orders.order_name as golden_id,
        'exists' as field,
        asked.carrier as system,
        parcels.tracking_number as record_key,
        orders.done_by as golden_system,
        null as system_value,
        parcels.tracking_number as golden_value,
        case
            when {{ is_younger_than('parcels.shipped_at', '1 day') }} then 'timing'
            else 'missing_record'
        end as cause
    from int_cash__orders as orders
    inner join int_shipments__shop_parcels as parcels
        on
            orders.system = parcels.system
            and orders.record_key = parcels.order_record_key
    inner join asked on lower(parcels.carrier_name) = asked.carrier_name
    left join int_shipments__carrier_parcels as tracking
        on
            parcels.tracking_number = tracking.tracking_number
            and asked.carrier_name = lower(tracking.carrier_name)
    where tracking.tracking_number is null

)

select
    'shipment' as entity,
    judged.*
from judged
where judged.cause is not null
