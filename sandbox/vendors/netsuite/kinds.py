"""The record types of the ledger: their fields, what is written under which name, and how they are stored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.records import Collection, Record

EARLIEST = "2000-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Kind:
    """One record type: its collection here, its fields by the form of their values, those a new record needs."""

    name: str
    collection: str
    fields: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    created: str = "createdDate"


CUSTOMER = Kind(
    "customer",
    "customers",
    {
        "entityId": "text",
        "externalId": "key",
        "accountNumber": "text",
        "isPerson": "flag",
        "isInactive": "flag",
        "companyName": "text",
        "firstName": "short",
        "lastName": "short",
        "email": "email",
        "phone": "phone",
        "comments": "text",
        "subsidiary": "reference",
        "currency": "reference",
        "addressBook": "sublist",
    },
    ("subsidiary",),
    "dateCreated",
)
ITEM = Kind(
    "inventoryItem",
    "items",
    {"itemId": "text", "displayName": "text", "isInactive": "flag", "price": "sublist"},
    ("itemId",),
)
ORDER = Kind(
    "salesOrder",
    "sales_orders",
    {
        "externalId": "key",
        "entity": "customer",
        "otherRefNum": "text",
        "memo": "text",
        "tranDate": "date",
        "currency": "reference",
        "item": "lines",
    },
    ("entity", "item"),
)
INVOICE = Kind(
    "invoice",
    "invoices",
    {"externalId": "key", "entity": "customer", "otherRefNum": "text", "memo": "text", "dueDate": "date"},
    ("entity",),
)
LINE = Kind("salesOrderLine", "sales_order_lines")
LEVEL = Kind("inventoryLevel", "inventory_levels")
_TYPES = {"flag": {"type": "boolean"}, "date": {"type": "string", "format": "date"}, "lines": {"type": "object"}}
_TYPES |= {name: {"type": "object"} for name in ("reference", "customer", "sublist")}
KINDS = {kind.name.lower(): kind for kind in (CUSTOMER, ITEM, ORDER, INVOICE)}
BY_COLLECTION = {kind.collection: kind for kind in (CUSTOMER, ITEM, ORDER, INVOICE, LINE, LEVEL)}


def stamp(micros: int, before: str | None = None) -> str:
    """A stamp as the REST service shows it: UTC, in whole seconds, at least one second after `before`."""
    earliest = to_micros(before) + 1_000_000 if before else 0
    return to_datetime(max(micros, earliest)).strftime("%Y-%m-%dT%H:%M:%SZ")


def schema_of(kind: Kind) -> dict[str, Any]:
    """The record type as the metadata catalogue describes it, in JSON Schema."""
    moments = {name: {"type": "string", "format": "date-time"} for name in (kind.created, "lastModifiedDate")}
    own = {name: _TYPES.get(form, {"type": "string"}) for name, form in kind.fields.items()}
    return {"type": "object", "properties": {"id": {"type": "string"}, **own, **moments}}


def _value_of(name: str) -> Callable[[Record], Any]:
    return lambda record: record.get(name)


def _number(record_id: str) -> int:
    """The number of a record; -1, which no record has, for a text that is no number."""
    return int(record_id) if record_id.isdecimal() and len(record_id) < 19 else -1


def _collection(kind: Kind) -> Collection:
    return Collection(
        kind.collection,
        "id",
        "lastModifiedDate",
        str if kind is LEVEL else _number,
        lambda record: to_micros(record.get("lastModifiedDate") or EARLIEST),
        {"transaction": _value_of("transaction")} if kind is LINE else {"externalId": _value_of("externalId")},
    )


COLLECTIONS = tuple(_collection(kind) for kind in BY_COLLECTION.values())
