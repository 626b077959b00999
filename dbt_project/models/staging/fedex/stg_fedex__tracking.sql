{# One row per tracking number: the latest parcel that the shop sent under it. #}
with live as (

    select * from {{ source('fedex', 'fedex__tracking') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as tracking_number,
        unique_id,
        {{ trimmed('customer_reference') }} as order_name,
        upper({{ trimmed('carrier_code') }}) as carrier_code,
        upper({{ trimmed('service_type') }}) as service_type,
        upper({{ trimmed('status_code') }}) as status_code,
        {{ trimmed("(status_details #>> '{0,reasonDescription}')") }}
        as exception_reason,
        shipped_at_local,
        delivered_at_local,
        estimated_delivery_at_local,
        coalesce(delivery_attempts, 0) as delivery_attempts,
        package_count,
        shipped_at,
        delivered_at,
        estimated_delivery_at
    from live

)

select * from cleaned
