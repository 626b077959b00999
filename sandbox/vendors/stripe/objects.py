"""The kinds of objects: their collections, the filters of their lists, and the fields that are not shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.server.records import Collection, Record


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object; `hidden` members filter a list but are not shown."""

    collection: str
    object: str
    prefix: str
    filters: tuple[str, ...]
    hidden: frozenset[str] = field(default_factory=frozenset)


KINDS = {
    kind.collection: kind
    for kind in (
        Kind("customers", "customer", "cus_", ("email",)),
        Kind("charges", "charge", "ch_", ("customer", "payment_intent")),
        Kind("refunds", "refund", "re_", ("charge", "payment_intent")),
        Kind("payouts", "payout", "po_", ("status",)),
        Kind(
            "balance_transactions",
            "balance_transaction",
            "txn_",
            ("currency", "payout", "source", "type"),
            frozenset({"payout"}),
        ),
        Kind("events", "event", "evt_", ()),
    )
}


def _member(name: str) -> Callable[[Record], str | None]:
    return lambda record: record.get(name)


def _lookups(kind: Kind) -> Mapping[str, Callable[[Record], str | None]]:
    return {name: _member(name) for name in kind.filters}


COLLECTIONS = tuple(
    Collection(
        kind.collection,
        "id",
        "created",
        str,
        lambda record: int(record["created"]) * 1_000_000,
        lookups=_lookups(kind),
        deleted_field="deleted",
    )
    for kind in KINDS.values()
)


def shown(kind: Kind, record: Record) -> Record:
    """A record as the API shows it; of a deleted one only its id."""
    if record.get("deleted"):
        return {"id": record["id"], "object": kind.object, "deleted": True}
    return {name: value for name, value in record.items() if name not in kind.hidden}


def kind_of(record_id: str) -> Kind | None:
    """The kind that an id belongs to."""
    return next((kind for kind in KINDS.values() if record_id.startswith(kind.prefix)), None)
