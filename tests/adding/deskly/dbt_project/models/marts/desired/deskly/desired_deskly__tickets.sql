{# A ticket about an order that was cancelled is urgent. #}
with stg_deskly__tickets as (

    select * from {{ ref('stg_deskly__tickets') }}

),

stg_shopify__orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

cancelled as (

    select order_name
    from stg_shopify__orders
    where is_cancelled
    group by order_name

),

desired as (

    select
        'ticket:' || tickets.ticket_source_id as _entity_id,
        tickets.ticket_source_id as _key,
        'its order was cancelled' as _reason,
        1::bigint as priority
    from stg_deskly__tickets as tickets
    inner join cancelled on tickets.order_name = cancelled.order_name
    where tickets.ticket_state in ('open', 'waiting')

)

select * from desired
