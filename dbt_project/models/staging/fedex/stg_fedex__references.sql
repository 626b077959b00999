{# One row per parcel that carries the name of an order. An order that the carrier does
   not know has no row. #}
with live as (

    select * from {{ source('fedex', 'fedex__references') }}
    where not _is_deleted

),

unnested as (

    select
        live._key as order_name,
        parcel.item
    from live
    cross join lateral jsonb_array_elements(
        case when jsonb_typeof(live.parcels) = 'array' then live.parcels else '[]' end
    ) as parcel (item)

),

cleaned as (

    select
        order_name,
        item #>> '{trackingNumberInfo,trackingNumber}' as tracking_number,
        upper(item #>> '{latestStatusDetail,code}') as status_code,
        jsonb_path_query_first(
            item, '$.dateAndTimes[*] ? (@.type == "ACTUAL_DELIVERY").dateTime'
        ) #>> '{}' as delivered_at_local
    from unnested

)

select * from cleaned
