{# One row per order of the shop and tracking number that the shop holds. #}
{{ config(tags=['marts', 'measure']) }}

with int_shipments__shop_parcels as (

    select * from {{ ref('int_shipments__shop_parcels') }}
    where not is_void

),

int_shipments__reports as (

    select * from {{ ref('int_shipments__reports') }}

),

unioned as (

    select
        system,
        order_record_key,
        tracking_number
    from int_shipments__shop_parcels

    union distinct

    select
        system,
        record_key as order_record_key,
        tracking_number
    from int_shipments__reports

)

select * from unioned
where tracking_number is not null
