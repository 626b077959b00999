"""The records that Stripe has of the world: objects of its API, and the events of their changes.

`payout` of a balance transaction is a filter of the list, and not shown as a field.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sandbox.vendors.stripe.world_objects import (
    API_VERSION,
    DELETED_STRANGER,
    Record,
    charge_id,
    charge_object,
    customer_id,
    customer_object,
    deleted_customer,
    is_customer,
    midnight,
    object_id,
    payout_id,
    payout_object,
    refund_object,
    to_minor,
    to_second,
)
from sandbox.world.commerce import break_of, make_charges, make_payouts, refund_payout_day
from sandbox.world.customers import make_customers
from sandbox.world.draw import Settings, moment_between, random_for
from sandbox.world.orders import make_orders
from sandbox.world.systems import ADDRESS, REACH, SystemTruth

_AVAILABLE_AFTER = timedelta(days=5)


def customer_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each live customer record, and the customer."""
    for customer in make_customers(settings):
        if is_customer(customer):
            yield customer_id(customer.index), customer.world_id


def customers(settings: Settings) -> Iterator[Record]:
    """Customers, and what is left of some that were deleted."""
    for customer in make_customers(settings):
        if is_customer(customer):
            yield customer_object(settings, customer)
        if customer.slot in DELETED_STRANGER:
            yield deleted_customer(customer)


def charges(settings: Settings) -> Iterator[Record]:
    """Payments of customers."""
    return (charge_object(settings, charge) for charge in make_charges(settings))


def refunds(settings: Settings) -> Iterator[Record]:
    """Payments that were given back."""
    for charge in make_charges(settings):
        if charge.refunded_at is not None:
            yield refund_object(settings, charge, charge.refunded_at)


def payouts(settings: Settings) -> Iterator[Record]:
    """Transfers to the bank."""
    return map(payout_object, make_payouts(settings))


def _transaction(
    settings: Settings, source: Record, kind: str, *, amounts: tuple[int, int], payout: str | None
) -> Record:
    amount, fee = amounts
    created = datetime.fromtimestamp(source["created"], UTC)
    available_on = midnight((created + _AVAILABLE_AFTER).date())
    details = {"amount": fee, "currency": source["currency"], "type": "stripe_fee", "description": "Stripe fees"}
    return {
        "id": source["balance_transaction"],
        "object": "balance_transaction",
        "amount": amount,
        "available_on": to_second(available_on),
        "created": source["created"],
        "currency": source["currency"],
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [details] if fee else [],
        "net": amount - fee,
        "payout": payout,
        "reporting_category": kind,
        "source": source["id"],
        "status": "available" if available_on <= settings.as_of or payout else "pending",
        "type": kind,
    }


def balance_transactions(settings: Settings) -> Iterator[Record]:
    """Changes of the balance; those of a payout add up to what the bank should have received."""
    for charge in make_charges(settings):
        is_paid_out = charge.currency == "EUR"
        day = charge.paid_out_on if is_paid_out else None
        record = charge_object(settings, charge)
        amounts = (record["amount"], to_minor(charge.fee))
        yield _transaction(settings, record, "charge", amounts=amounts, payout=payout_id(day) if day else None)
        if charge.refunded_at is not None:
            day = refund_payout_day(settings, charge) if is_paid_out else None
            record = refund_object(settings, charge, charge.refunded_at)
            amounts = (-record["amount"], 0)
            yield _transaction(settings, record, "refund", amounts=amounts, payout=payout_id(day) if day else None)
    for payout in make_payouts(settings):
        record = payout_object(payout)
        amounts = (-to_minor(payout.expected), 0)
        yield _transaction(settings, record, "payout", amounts=amounts, payout=record["id"])


def make_event(kind: str, second: int, record: Record) -> Record:
    """The event of a change."""
    return {
        "id": object_id("evt", kind, second, record["id"]),
        "object": "event",
        "api_version": API_VERSION,
        "created": second,
        "data": {"object": record},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def _customer_events(settings: Settings) -> Iterator[Record]:
    for customer in make_customers(settings):
        random = random_for(settings, "stripe-events", customer.index)
        updated = to_second(moment_between(random, customer.created_at, settings.as_of))
        if is_customer(customer):
            record = customer_object(settings, customer)
            yield make_event("customer.created", record["created"], record)
            if customer.slot % 2:
                yield make_event("customer.updated", updated, record)
        if customer.slot in DELETED_STRANGER:
            yield make_event("customer.deleted", updated, deleted_customer(customer))


def _payment_events(settings: Settings) -> Iterator[Record]:
    for charge in make_charges(settings):
        record = charge_object(settings, charge)
        yield make_event("charge.succeeded", record["created"], {**record, "amount_refunded": 0})
        if charge.refunded_at is not None:
            refund = refund_object(settings, charge, charge.refunded_at)
            yield make_event("refund.created", refund["created"], refund)
            yield make_event("charge.refunded", refund["created"], record)


def events(settings: Settings) -> Iterator[Record]:
    """All events, also those that are too old for Stripe's list."""
    yield from _customer_events(settings)
    yield from _payment_events(settings)
    for payout in map(payout_object, make_payouts(settings)):
        yield make_event("payout.created", payout["created"], {**payout, "status": "in_transit"})
        yield make_event("payout.reconciliation_completed", payout["created"] + 3600, payout)
        yield make_event("payout.paid", payout["arrival_date"] + 6 * 3600, payout)


def unreadable(settings: Settings) -> Iterator[tuple[str, str]]:
    """Charges whose status Stripe does not have."""
    for order in make_orders(settings):
        if break_of(settings, order) == "charge_broken":
            yield f"charges/{charge_id(order.index, 0)}", "odd_status"


RESOURCES = {
    "customers": customers,
    "charges": charges,
    "refunds": refunds,
    "payouts": payouts,
    "balance_transactions": balance_transactions,
    "events": events,
}
TRUTH = SystemTruth(
    customers="customers",
    live={"customers": customer_keys},
    writable={"customers": ADDRESS | REACH | {"customer_name"}},
    unreadable=unreadable,
)
