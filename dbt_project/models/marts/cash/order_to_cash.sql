{# Whole: one sale of the same total, one payment net of refunds, invoices that add up,
   and parcels that account for the lines, as far as the systems in use can tell. #}
with int_cash__orders as (

    select * from {{ ref('int_cash__orders') }}

),

int_cash__charged as (

    select * from {{ ref('int_cash__charged') }}

),

int_cash__invoiced as (

    select * from {{ ref('int_cash__invoiced') }}

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'tryton'

),

int_discrepancies__current as (

    select * from {{ ref('int_discrepancies__current') }}

),

sales as (

    select
        order_name,
        count(*) filter (where not is_cancelled) as sale_quantity,
        max(total_amount) filter (where is_primary) as sale_amount
    from int_orders__identified
    group by order_name

),

breaks as (

    select
        golden_id as order_name,
        count(*) filter (where cause <> 'timing') as break_quantity,
        count(*) filter (where cause = 'timing') as waiting_quantity,
        string_agg(distinct entity || ' ' || cause, ', ') filter (where cause <> 'timing')
        as breaks
    from int_discrepancies__current
    where
        entity in ('payment', 'refund', 'invoice', 'shipment')
        or (
            entity = 'order'
            and system = 'tryton'
            and field in ('exists', 'total_amount')
        )
    group by golden_id

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
    left join sales on orders.order_name = sales.order_name
    left join int_cash__charged as charged on orders.order_name = charged.order_name
    left join int_cash__invoiced as invoiced on orders.order_name = invoiced.order_name
    left join breaks on orders.order_name = breaks.order_name

)

select * from joined
