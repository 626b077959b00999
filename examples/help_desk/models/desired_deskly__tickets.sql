{# A ticket about an order that was cancelled is urgent, while it is open. #}
with tickets as (

    select * from {{ source('deskly', 'deskly__tickets') }}
    where not _is_deleted and ticket_state in ('open', 'waiting')

),

cancelled as (

    select order_name
    from {{ ref('int_orders__records') }}
    where is_cancelled
    group by order_name

),

desired as (

    select
        'ticket:' || tickets._key as _entity_id,
        tickets._key,
        'its order was cancelled' as _reason,
        1::bigint as priority
    from tickets
    inner join cancelled
        on {{ trimmed('tickets.external_id') }} = cancelled.order_name

)

select * from desired
