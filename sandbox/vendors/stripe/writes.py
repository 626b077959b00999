"""Writes customers, the metadata of charges, and refunds; every write adds its event."""

import re
import secrets
from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.stripe.errors import StripeError, missing, unknown_parameter
from sandbox.vendors.stripe.forms import Form, read_integer
from sandbox.vendors.stripe.objects import KINDS, Kind
from sandbox.vendors.stripe.world import make_event

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LENGTHS = {"name": 256, "email": 512, "phone": 20, "description": 350}
_ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")
_EVENTS = {"customers": "customer", "charges": "charge", "refunds": "refund", "payouts": "payout"}
_NEW_CUSTOMER: Record = {
    "object": "customer",
    "address": None,
    "balance": 0,
    "currency": None,
    "delinquent": False,
    "description": None,
    "email": None,
    "livemode": False,
    "metadata": {},
    "name": None,
    "phone": None,
    "shipping": None,
}


class Writer:
    """The writes of one account."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def update(self, kind: Kind, key: str, form: Form) -> Record:
        """A partial update; a document is replaced, metadata is merged."""
        before = self.existing(kind, key)
        allowed = {"customers": {*_LENGTHS, "address", "metadata"}, "charges": {"description", "metadata"}}
        after = {**before, **_checked(before, form, allowed.get(kind.collection, {"metadata"}))}
        return self.put(kind, after, before, operation="update")

    def create_customer(self, form: Form) -> Record:
        """Create a customer, also when the same person is there already."""
        record = {**_NEW_CUSTOMER, "id": _new_id("cus"), "created": self.second()}
        record |= _checked(record, form, {*_LENGTHS, "address", "metadata"})
        return self.put(KINDS["customers"], record, None, operation="create")

    def delete_customer(self, key: str) -> Record:
        """Delete a customer for good; its id stays known as that of a deleted one."""
        before = self.existing(KINDS["customers"], key)
        stub = {"id": key, "object": "customer", "deleted": True, "created": before["created"]}
        with self._store.transaction():
            self._store.put("customers", stub, operation="delete")
            self._tell("customer.deleted", before)
        return stub

    def refund(self, form: Form) -> Record:
        """Refund the rest of a charge, or a part of it."""
        charge = self.existing(KINDS["charges"], str(form.get("charge", "")), param="charge")
        left = charge["amount"] - charge["amount_refunded"]
        amount = read_integer(form, "amount", left)
        if left == 0:
            message = f"Charge {charge['id']} has already been refunded."
            raise StripeError(message, code="charge_already_refunded")
        if not 0 < amount <= left:
            raise StripeError("Refund amount is greater than unrefunded amount on charge", param="amount")
        second, key = self.second(), _new_id("re")
        common = {"created": second, "currency": charge["currency"]}
        refund = {
            **common,
            "id": key,
            "object": "refund",
            "amount": amount,
            "balance_transaction": _new_id("txn"),
            "charge": charge["id"],
            "metadata": _metadata({}, form.get("metadata", {})),
            "payment_intent": charge["payment_intent"],
            "reason": form.get("reason"),
            "status": "succeeded",
        }
        refunded = charge["amount_refunded"] + amount
        after = {**charge, "amount_refunded": refunded, "refunded": refunded == charge["amount"]}
        with self._store.transaction():
            self._store.put("balance_transactions", _transaction_of(refund), operation="refund")
            self._store.put("refunds", refund, operation="create")
            self._store.put("charges", after, operation="refund")
            self._tell("refund.created", refund)
            self._tell("charge.refunded", after)
        return refund

    def put(self, kind: Kind, after: Record, before: Record | None, *, operation: str) -> Record:
        """Write a record and its event."""
        with self._store.transaction():
            self._store.put(kind.collection, after, operation=operation)
            if kind.collection in _EVENTS:
                word = "updated" if before is not None else "created"
                self._tell(f"{_EVENTS[kind.collection]}.{word}", after, before)
        return after

    def existing(self, kind: Kind, key: str, *, param: str = "id") -> Record:
        """The record of an id; an error for an unknown or deleted one."""
        found = self._store.get(kind.collection, key)
        if found is None or found.get("deleted"):
            raise missing(kind.object, key, param=param)
        return found

    def second(self) -> int:
        """The time now in Unix seconds."""
        return self._store.clock.tick() // 1_000_000

    def _tell(self, name: str, record: Record, before: Record | None = None) -> None:
        event = make_event(name, self.second(), record) | {"id": _new_id("evt")}
        if before is not None:
            changed = {key: value for key, value in before.items() if record.get(key) != value}
            event["data"]["previous_attributes"] = changed
        self._store.put("events", event, operation="event")


def _new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def _transaction_of(refund: Record) -> Record:
    return {
        "id": refund["balance_transaction"],
        "object": "balance_transaction",
        "amount": -refund["amount"],
        "available_on": refund["created"],
        "created": refund["created"],
        "currency": refund["currency"],
        "description": None,
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": -refund["amount"],
        "payout": None,
        "reporting_category": "refund",
        "source": refund["id"],
        "status": "pending",
        "type": "refund",
    }


def _checked(before: Record, form: Form, allowed: set[str]) -> Record:
    checked: Record = {}
    for name, value in form.items():
        if name == "expand":
            continue
        if name not in allowed:
            raise unknown_parameter(name)
        if name == "metadata":
            checked[name] = _metadata(before.get("metadata") or {}, value)
        elif name == "address":
            checked[name] = _address(value)
        else:
            checked[name] = _text(name, value)
    return checked


def _text(name: str, value: Any) -> str | None:
    if not isinstance(value, str):
        raise StripeError(f"Invalid string: {value}", param=name)
    if len(value) > _LENGTHS[name]:
        message = f"Invalid string: {value[:5]}...; must be at most {_LENGTHS[name]} characters"
        raise StripeError(message, code="parameter_invalid_string_too_long", param=name)
    if name == "email" and value and not _EMAIL.fullmatch(value):
        raise StripeError(f"Invalid email address: {value}", code="email_invalid", param="email")
    return value or None


def _address(value: Any) -> Record | None:
    if value == "":
        return None
    for name in value:
        if name not in _ADDRESS:
            raise unknown_parameter(f"address[{name}]")
    country = value.get("country") or None
    if country and not re.fullmatch("[A-Z]{2}", country):
        message = f"Country '{country}' is unknown. Try using a 2-character alphanumeric country code instead."
        raise StripeError(message, param="address[country]")
    return {name: value.get(name) or None for name in _ADDRESS}


def _metadata(before: Record, value: Any) -> Record:
    if value == "":
        return {}
    for name, text in value.items():
        if len(name) > 40 or len(text) > 500:
            raise StripeError(
                "Metadata keys have at most 40 characters and values 500.", param=f"metadata[{name}]"
            )
    merged = {name: text for name, text in {**before, **value}.items() if text != ""}
    if len(merged) > 50:
        raise StripeError("Metadata has at most 50 keys.", param="metadata")
    return merged
