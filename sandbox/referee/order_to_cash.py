"""Judges the breaks that Concord found between orders, payments, payouts, invoices and shipments."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from concord.store.engine import PLANNER, Database
from sandbox.referee.break_verdict import Break, BreakVerdict
from sandbox.referee.decided import find_done_orders
from sandbox.vendors.stripe.world_objects import payout_id
from sandbox.world import World
from sandbox.world.commerce import break_of, make_payouts
from sandbox.world.orders import make_orders

_FOUND: LiteralString = """
    select distinct entity, golden_id, cause
    from marts.discrepancies
    where entity in ('payment', 'refund', 'payout', 'invoice', 'shipment') and cause <> 'timing'
        and (closed_at is null or field = 'tracking_number')
"""
_SETTLING_TIME = timedelta(hours=72)
SHOP = "shopify"
_NEEDS = {
    "payment": {"stripe", SHOP},
    "refund": {"stripe", SHOP},
    "payout": {"stripe"},
    "invoice": {"netsuite", SHOP},
    "shipment": {SHOP},
}
_KINDS = {
    "charge_missing": ("payment", "missing_record"),
    "charge_amount": ("payment", "amount"),
    "charge_currency": ("payment", "currency"),
    "charge_double": ("payment", "duplicate"),
    "charge_broken": ("payment", "quarantined"),
    "refund_unknown": ("refund", "missing_record"),
    "invoice_missing": ("invoice", "missing_record"),
    "invoice_amount": ("invoice", "amount"),
    "invoice_double": ("invoice", "duplicate"),
    "invoice_broken": ("invoice", "quarantined"),
    "shipment_missing": ("shipment", "missing_record"),
    "shipment_short": ("shipment", "amount"),
    "shipment_untold": ("shipment", "missing_record"),
}


def check_order_to_cash(world: World, systems: AbstractSet[str], database: Database) -> BreakVerdict:
    """Compare the breaks in the warehouse with the planted ones, as far as the systems in use can show them.

    A parcel that only the carrier knew is entered in the same night: its break is closed by now and still counts.
    """
    now = datetime.now(UTC)
    done = find_done_orders(world, systems)
    planted = {
        (entity, name, cause)
        for entity, name, cause in _planted(world, now)
        if systems >= _NEEDS[entity] and (entity != "shipment" or name in done)
    }
    with database.transaction(PLANNER) as connection:
        found: set[Break] = {(str(e), str(g), str(c)) for e, g, c in connection.execute(_FOUND)}
    return BreakVerdict.of(planted, found)


def _planted(world: World, now: datetime) -> Iterator[Break]:
    settings = world.settings
    for order in make_orders(settings):
        name = break_of(settings, order)
        if name is None:
            continue
        entity, cause = _KINDS[name]
        is_young = order.created_at > now - _SETTLING_TIME
        if not (is_young and cause == "missing_record" and entity != "refund"):
            yield entity, order.number, cause
    for payout in make_payouts(settings):
        if payout.amount != payout.expected:
            yield "payout", payout_id(payout.arrives_on), "amount"
