"""Reads and writes single records, for calls of one record and for batches."""

from collections.abc import Mapping
from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.netsuite.errors import NetSuiteError, nonexistent
from sandbox.vendors.netsuite.kinds import CUSTOMER, KINDS, LINE, ORDER, Kind, stamp
from sandbox.vendors.netsuite.values import check_whole, checked, refuse

_SEQUENCE, _FIRST_NEW = "sequence", 9_000_000
EXTERNAL = "eid:"


def kind_named(name: str) -> Kind:
    """The record type; a `NetSuiteError` for a wrong name."""
    found = KINDS.get(name.lower())
    if found is None:
        detail = f"Record type '{name}' does not exist."
        raise NetSuiteError("NONEXISTENT_ID", detail, status=404, at={"o:errorUrlPath": name})
    return found


class Records:
    """The records of one account."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def find(self, kind: Kind, name: str) -> Record | None:
        """The record with this id, or with this external id behind `eid:`."""
        if not name.startswith(EXTERNAL):
            return self.store.get(kind.collection, name)
        keys = self.store.find(kind.collection, "externalId", name.removeprefix(EXTERNAL))
        return self.store.get_by_key(kind.collection, keys[0]) if keys else None

    def get(self, kind: Kind, name: str) -> Record:
        """The record, or NONEXISTENT_ID."""
        found = self.find(kind, name)
        if found is None:
            raise nonexistent()
        return found

    def shown(self, kind: Kind, record: Record) -> Record:
        """A record with its sublists, as a GET gives it; null values are left out."""
        told = {name: value for name, value in record.items() if value is not None}
        if kind is ORDER:
            lines = [
                {name: line[name] for name in ("line", "item", "quantity", "rate", "amount")}
                for line in self.lines_of(record)
            ]
            told["item"] = {"items": lines, "totalResults": len(lines)}
        return told

    def lines_of(self, order: Record) -> list[Record]:
        """The lines of a sales order, in their order."""
        keys = self.store.find(LINE.collection, "transaction", order["id"])
        found = (self.store.get_by_key(LINE.collection, key) for key in sorted(keys))
        return [line for line in found if line]

    def create(self, kind: Kind, values: Any, *, operation: str, is_strict: bool) -> Record:
        """A new record."""
        given = checked(self.store, kind, values, is_strict=is_strict)
        check_whole(kind, given)
        self._refuse_taken(kind, given, own_id=None)
        number = int(self.store.noted(_SEQUENCE, "all") or _FIRST_NEW) + 1
        self.store.note(_SEQUENCE, "all", number)
        now = stamp(self.store.clock.tick())
        record = {"id": str(number), **_defaults(kind, number, now), **given, kind.created: now}
        return self._put(kind, {**record, "lastModifiedDate": now}, operation)

    def update(self, kind: Kind, record: Record, values: Any, *, operation: str, is_strict: bool) -> Record:
        """Change the given fields; the stamp moves also when their values are the same as before."""
        given = checked(self.store, kind, values, is_strict=is_strict)
        check_whole(kind, {"item": [], **record, **given})
        self._refuse_taken(kind, given, own_id=record["id"])
        now = stamp(self.store.clock.tick(), record["lastModifiedDate"])
        return self._put(kind, {**record, **given, "lastModifiedDate": now}, operation)

    def upsert(self, kind: Kind, name: str, values: Any, *, operation: str, is_strict: bool) -> Record:
        """Changes the record with this external id or makes it."""
        values = {**values, "externalId": name.removeprefix(EXTERNAL)} if isinstance(values, Mapping) else values
        record = self.find(kind, name)
        if record is None:
            return self.create(kind, values, operation=operation, is_strict=is_strict)
        return self.update(kind, record, values, operation=operation, is_strict=is_strict)

    def delete(self, kind: Kind, record: Record, *, operation: str) -> None:
        """Delete a record; with an order its lines."""
        with self.store.transaction():
            if kind is ORDER:
                self._drop_lines(record)
            self.store.remove(kind.collection, record["id"], operation=operation)

    def _put(self, kind: Kind, record: Record, operation: str) -> Record:
        lines = record.pop("item", None)
        if lines:
            record["total"] = round(sum(line["amount"] for line in lines), 2)
        with self.store.transaction():
            self.store.put(kind.collection, record, operation=operation)
            if lines:
                self._drop_lines(record)
                self.store.load(LINE.collection, list(_numbered(record, lines)))
        return record

    def _drop_lines(self, order: Record) -> None:
        for line in self.lines_of(order):
            self.store.remove(LINE.collection, line["id"], operation="line")

    def _refuse_taken(self, kind: Kind, values: Record, *, own_id: str | None) -> None:
        external_id = values.get("externalId")
        if external_id is None:
            return
        taken = self.find(kind, f"{EXTERNAL}{external_id}")
        if taken is not None and taken["id"] != own_id:
            raise refuse("This entity already exists.", "externalId", "DUP_ENTITY")


def _numbered(order: Record, lines: list[Record]) -> list[Record]:
    key = int(order["id"]) * 100
    return [
        {"id": str(key + number), "transaction": order["id"], "line": number, **line}
        for number, line in enumerate(lines, 1)
    ]


def _defaults(kind: Kind, number: int, now: str) -> Record:
    """The values that the account fills in."""
    if kind is CUSTOMER:
        return {"entityId": f"CUST{number}", "externalId": None, "isPerson": False, "isInactive": False}
    if kind is ORDER:
        return {
            "tranId": f"SO{number}",
            "tranDate": now[:10],
            "currency": {"id": "1", "refName": "EUR"},
            "status": {"id": "B", "refName": "Pending Fulfillment"},
            "exchangeRate": 1.0,
        }
    return {"tranId": f"INV{number}", "tranDate": now[:10], "status": {"id": "A", "refName": "Open"}}
