{# One row per event. A metric is a kind of event. #}
with live as (

    select * from {{ source('klaviyo', 'klaviyo__events') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as event_source_id,
        profile_source_id,
        metric_source_id,
        {{ trimmed('order_name') }} as order_name,
        amount,
        occurred_at
    from live

)

select * from cleaned
