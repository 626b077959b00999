"""Objects of Stripe's API as the world makes them: amounts are cents, stamps are seconds.

A charge names its shop order in its metadata, and a refund the shop's refund where the shop knows of it.
"""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sandbox.world.commerce import Charge, Payout, break_of, shop_refund_of
from sandbox.world.customers import Customer, make_customer, phone_number
from sandbox.world.draw import Settings, random_for
from sandbox.world.notation import write_email, write_name, write_phone
from sandbox.world.pools import COUNTRY_BY_CODE
from sandbox.world.records import SHOP, is_present

API_VERSION = "2026-10-28.endive"
NEVER_PAID = range(420, 430)
STALE_PHONE = range(410, 420)
DELETED_STRANGER = range(430, 440)
Record = dict[str, Any]


def object_id(prefix: str, *parts: object) -> str:
    """An id as Stripe writes it; the same for the same thing."""
    words = "/".join(map(str, parts))
    return f"{prefix}_{hashlib.sha256(f'{prefix}/{words}'.encode()).hexdigest()[:24]}"


def customer_id(index: int) -> str:
    """The id of a customer."""
    return object_id("cus", index)


def charge_id(index: int, copy: int = 0) -> str:
    """The id of the charge of an order; `copy` 1 is a second charge by mistake."""
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
    """Whether Stripe has the customer: one that bought in the shop, and not as a guest."""
    return is_present(customer.slot, SHOP) and customer.slot not in NEVER_PAID


def customer_object(settings: Settings, customer: Customer) -> Record:
    """A customer, whose telephone number may be an old one."""
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


def deleted_customer(customer: Customer) -> Record:
    """What is left of a customer who was deleted."""
    created = to_second(customer.created_at)
    return {
        "id": object_id("cus", "gone", customer.index),
        "object": "customer",
        "deleted": True,
        "created": created,
    }


def charge_object(settings: Settings, charge: Charge) -> Record:
    """The payment of a customer for an order."""
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


def refund_object(settings: Settings, charge: Charge, refunded_at: datetime) -> Record:
    """What was paid back of a charge."""
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


def midnight(day: date) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, time(), UTC)


def payout_object(payout: Payout) -> Record:
    """What the bank received on one day."""
    key = payout_id(payout.arrives_on)
    return {
        "id": key,
        "object": "payout",
        "amount": to_minor(payout.amount),
        "arrival_date": to_second(midnight(payout.arrives_on)),
        "automatic": True,
        "balance_transaction": object_id("txn", key),
        "created": to_second(midnight(payout.arrives_on) - timedelta(hours=46)),
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
