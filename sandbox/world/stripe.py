"""The world as the payment provider tells it: objects of Stripe's API, and the events that tell of them.

Amounts are cents, stamps are seconds. A charge names its shop order in its metadata, a refund the shop's refund
where the shop knows of it. `payout` of a transaction is what the vendor keeps to itself: a filter, not a field.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sandbox.world.commerce import (
    Charge,
    Payout,
    break_of,
    make_charges,
    make_payouts,
    refund_payout_day,
    shop_refund_of,
)
from sandbox.world.customers import Customer, make_customer, make_customers, phone_number
from sandbox.world.draw import Settings, moment_between, random_for
from sandbox.world.notation import write_email, write_name, write_phone
from sandbox.world.pools import COUNTRY_BY_CODE
from sandbox.world.records import SHOP, is_present

API_VERSION = "2026-10-28.endive"
NEVER_PAID = range(420, 430)
STALE_PHONE = range(410, 420)
DELETED_STRANGER = range(430, 440)
_AVAILABLE_AFTER = timedelta(days=5)
Record = dict[str, Any]


def object_id(prefix: str, *parts: object) -> str:
    """An id as Stripe writes it; the same for the same thing."""
    words = "/".join(map(str, parts))
    return f"{prefix}_{hashlib.sha256(f'{prefix}/{words}'.encode()).hexdigest()[:24]}"


def customer_id(index: int) -> str:
    """The id of a customer."""
    return object_id("cus", index)


def charge_id(index: int, copy: int = 0) -> str:
    """The id of the charge of an order; `copy` 1 was taken twice."""
    return object_id("ch", index, copy)


def payout_id(arrives_on: date) -> str:
    """The id of the payout that arrived on this day."""
    return object_id("po", arrives_on)


def to_second(moment: datetime) -> int:
    """Unix seconds."""
    return int(moment.timestamp())


def to_minor(amount: Decimal) -> int:
    """Cents."""
    return int(amount * 100)


def is_customer(customer: Customer) -> bool:
    """Whether Stripe keeps a customer of that name: somebody who bought in the shop, and not as a guest."""
    return is_present(customer.slot, SHOP) and customer.slot not in NEVER_PAID


def _customer(settings: Settings, customer: Customer) -> Record:
    random = random_for(settings, "stripe-customer", customer.index)
    phone = customer.phone
    if customer.slot in STALE_PHONE:
        phone = phone_number(COUNTRY_BY_CODE[customer.country_code], customer.index, is_old=True)
    address = {
        "line1": customer.street,
        "line2": None,
        "city": customer.city,
        "state": None,
        "postal_code": customer.postal_code,
        "country": customer.country_code,
    }
    return {
        "id": customer_id(customer.index),
        "object": "customer",
        "address": address,
        "balance": 0,
        "created": to_second(customer.created_at),
        "currency": "eur",
        "delinquent": False,
        "description": None,
        "email": write_email(random, customer.email, spaces=False),
        "livemode": False,
        "metadata": {},
        "name": write_name(random, customer.name),
        "phone": write_phone(random, phone, customer.country_code),
        "shipping": None,
    }


def _stranger(customer: Customer) -> Record:
    """What is left of a customer who was deleted."""
    created = to_second(customer.created_at)
    return {
        "id": object_id("cus", "gone", customer.index),
        "object": "customer",
        "deleted": True,
        "created": created,
    }


def customer_keys(settings: Settings) -> Iterator[tuple[str, int]]:
    """The key of each live customer record, and whose it is."""
    for customer in make_customers(settings):
        if is_customer(customer):
            yield customer_id(customer.index), customer.index


def customers(settings: Settings) -> Iterator[Record]:
    """Customers, and the stubs of some that were deleted."""
    for customer in make_customers(settings):
        if is_customer(customer):
            yield _customer(settings, customer)
        if customer.slot in DELETED_STRANGER:
            yield _stranger(customer)


def _charge(settings: Settings, charge: Charge) -> Record:
    order, owner = charge.order, make_customer(settings, charge.order.customer_index)
    amount, refunded = to_minor(charge.amount), to_minor(charge.refunded)
    key = charge_id(order.index, charge.copy)
    return {
        "id": key,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": refunded,
        "balance_transaction": object_id("txn", key),
        "billing_details": {"email": owner.email, "name": owner.name, "phone": None},
        "captured": True,
        "created": to_second(charge.created_at),
        "currency": charge.currency.lower(),
        "customer": customer_id(owner.index) if is_customer(owner) else None,
        "description": f"Order {order.number}",
        "disputed": False,
        "failure_code": None,
        "livemode": False,
        "metadata": {"order_name": order.number},
        "paid": True,
        "payment_intent": object_id("pi", key),
        "refunded": refunded == amount,
        "status": "authorised" if break_of(settings, order) == "charge_broken" else "succeeded",
    }


def charges(settings: Settings) -> Iterator[Record]:
    """What was taken from customers."""
    return (_charge(settings, charge) for charge in make_charges(settings))


def _refund(settings: Settings, charge: Charge, refunded_at: datetime) -> Record:
    order, key = charge.order, charge_id(charge.order.index, charge.copy)
    refund = object_id("re", key)
    metadata = {"order_name": order.number}
    if shop_refund_of(settings, order) is not None:
        metadata["shop_refund_id"] = f"gid://shopify/Refund/{9_000_000_000_000 + order.index}"
    return {
        "id": refund,
        "object": "refund",
        "amount": to_minor(charge.refunded),
        "balance_transaction": object_id("txn", refund),
        "charge": key,
        "created": to_second(refunded_at),
        "currency": charge.currency.lower(),
        "metadata": metadata,
        "payment_intent": object_id("pi", key),
        "reason": "requested_by_customer",
        "status": "succeeded",
    }


def refunds(settings: Settings) -> Iterator[Record]:
    """What was given back."""
    for charge in make_charges(settings):
        if charge.refunded_at is not None:
            yield _refund(settings, charge, charge.refunded_at)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _payout(payout: Payout) -> Record:
    key = payout_id(payout.arrives_on)
    return {
        "id": key,
        "object": "payout",
        "amount": to_minor(payout.amount),
        "arrival_date": to_second(_midnight(payout.arrives_on)),
        "automatic": True,
        "balance_transaction": object_id("txn", key),
        "created": to_second(_midnight(payout.arrives_on) - timedelta(hours=46)),
        "currency": "eur",
        "failure_code": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "completed",
        "status": "paid",
        "trace_id": {"status": "supported", "value": f"PO{payout.arrives_on:%Y%m%d}"},
        "type": "bank_account",
    }


def payouts(settings: Settings) -> Iterator[Record]:
    """What the bank received."""
    return map(_payout, make_payouts(settings))


def _transaction(
    settings: Settings, source: Record, kind: str, *, amounts: tuple[int, int], payout: str | None
) -> Record:
    amount, fee = amounts
    created = datetime.fromtimestamp(source["created"], UTC)
    available_on = _midnight((created + _AVAILABLE_AFTER).date())
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
    """What moved the balance; the transactions of a payout add up to what the bank should have received."""
    for charge in make_charges(settings):
        is_paid_out = charge.currency == "EUR"
        day = charge.paid_out_on if is_paid_out else None
        record = _charge(settings, charge)
        amounts = (record["amount"], to_minor(charge.fee))
        yield _transaction(settings, record, "charge", amounts=amounts, payout=payout_id(day) if day else None)
        if charge.refunded_at is not None:
            day = refund_payout_day(settings, charge) if is_paid_out else None
            record = _refund(settings, charge, charge.refunded_at)
            amounts = (-record["amount"], 0)
            yield _transaction(settings, record, "refund", amounts=amounts, payout=payout_id(day) if day else None)
    for payout in make_payouts(settings):
        record = _payout(payout)
        amounts = (-to_minor(payout.expected), 0)
        yield _transaction(settings, record, "payout", amounts=amounts, payout=record["id"])


def make_event(kind: str, second: int, record: Record) -> Record:
    """What Stripe remembers of a change."""
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
            record = _customer(settings, customer)
            yield make_event("customer.created", record["created"], record)
            if customer.slot % 2:
                yield make_event("customer.updated", updated, record)
        if customer.slot in DELETED_STRANGER:
            yield make_event("customer.deleted", updated, _stranger(customer))


def _payment_events(settings: Settings) -> Iterator[Record]:
    for charge in make_charges(settings):
        record = _charge(settings, charge)
        yield make_event("charge.succeeded", record["created"], {**record, "amount_refunded": 0})
        if charge.refunded_at is not None:
            refund = _refund(settings, charge, charge.refunded_at)
            yield make_event("refund.created", refund["created"], refund)
            yield make_event("charge.refunded", refund["created"], record)


def events(settings: Settings) -> Iterator[Record]:
    """All that happened, also what Stripe no longer tells."""
    yield from _customer_events(settings)
    yield from _payment_events(settings)
    for payout in map(_payout, make_payouts(settings)):
        yield make_event("payout.created", payout["created"], {**payout, "status": "in_transit"})
        yield make_event("payout.reconciliation_completed", payout["created"] + 3600, payout)
        yield make_event("payout.paid", payout["arrival_date"] + 6 * 3600, payout)


RESOURCES = {
    "customers": customers,
    "charges": charges,
    "refunds": refunds,
    "payouts": payouts,
    "balance_transactions": balance_transactions,
    "events": events,
}
