"""What a carrier can be asked for: the parcels that the shop knows, and the orders of which it knows none."""

PARCELS = """
select tracking.item ->> 'number' as number, tracking.item ->> 'company' as carrier_name, orders.created_at,
    (fulfillment.item ->> 'createdAt')::timestamptz as told_at
from {table} as orders
cross join lateral jsonb_path_query(orders.fulfillments, 'lax $[*]') as fulfillment (item)
cross join lateral jsonb_path_query(fulfillment.item, 'lax $.trackingInfo[*]') as tracking (item)
where not orders._is_deleted
    and coalesce(fulfillment.item ->> 'status', '') not in ('CANCELLED', 'ERROR', 'FAILURE')
"""
UNSHIPPED_ORDERS = """
select order_name, created_at
from {table}
where not _is_deleted and cancelled_at is null and is_test is not true
    and not exists (
        select from jsonb_path_query(fulfillments, 'lax $[*]') as fulfillment (item)
        where coalesce(fulfillment.item ->> 'status', '') not in ('CANCELLED', 'ERROR', 'FAILURE')
    )
"""
