{# `is_whole`: there is one sale with the same total, one payment net of refunds,
   invoices that add up, and parcels that contain all lines, judged by the systems in
   use. #}
with int_cash__orders as (

    select * from {{ ref('int_cash__orders') }}

),

int_cash__charged as (

    select * from {{ ref('int_cash__charged') }}

),

int_cash__invoiced as (

    select * from {{ ref('int_cash__invoiced') }}

),

int_cash__sold as (

    select * from {{ ref('int_cash__sold') }}

),

int_cash__order_breaks as (

    select * from {{ ref('int_cash__order_breaks') }}

),

joined as (

    select
        orders.order_name as order_id,
        orders.currency_code,
        orders.total_amount as ordered_amount,
        sales.sale_amount,
        charged.charged_amount,
        orders.refunded_amount,
        charged.charged_amount - charged.refunded_amount as kept_amount,
        invoiced.invoiced_amount,
        coalesce(sales.sale_quantity, 0) as sale_quantity,
        coalesce(charged.charge_count, 0) as payment_quantity,
        coalesce(invoiced.invoice_count, 0) as invoice_quantity,
        orders.ordered_quantity,
        orders.shipped_quantity,
        breaks.breaks,
        coalesce(breaks.break_quantity, 0) = 0 as is_whole,
        coalesce(breaks.waiting_quantity, 0) > 0 as is_waiting,
        orders.ordered_at
    from int_cash__orders as orders
    left join int_cash__sold as sales on orders.order_name = sales.order_name
    left join int_cash__charged as charged on orders.order_name = charged.order_name
    left join int_cash__invoiced as invoiced on orders.order_name = invoiced.order_name
    left join int_cash__order_breaks as breaks on orders.order_name = breaks.order_name

)

select * from joined
