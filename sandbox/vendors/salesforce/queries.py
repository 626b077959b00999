"""Runs queries in batches; each batch costs the same, also after a million records."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.server.queries import Order, Row, Where
from sandbox.server.records import Record, decode
from sandbox.server.store import Store
from sandbox.vendors.salesforce.conditions import object_named, order_of, path_named, where_of
from sandbox.vendors.salesforce.errors import SalesforceError
from sandbox.vendors.salesforce.objects import SObject
from sandbox.vendors.salesforce.soql import Query, read

LARGEST_BATCH = 2000
SMALLEST_BATCH = 200
_TOPIC = "cursor"


@dataclass(frozen=True, slots=True)
class Batch:
    """The position of a query, kept under the locator that the client sends back."""

    soql: str
    with_deleted: bool
    version: str
    size: int
    total: int = 0
    locator: str = ""
    offset: int = 0
    position: tuple[int, Any] | None = None


def run_query(store: Store, first: Batch) -> dict[str, Any]:
    """The first batch of a query."""
    query = read(first.soql)
    sobject = object_named(query.object)
    where = where_of(query, sobject, with_deleted=first.with_deleted)
    total = store.count(sobject.name, where)
    total = min(max(total - query.offset, 0), query.limit if query.limit is not None else total)
    if query.is_count:
        return {"totalSize": total, "done": True, "records": []}
    locator = f"01g{secrets.token_hex(8)[:15]}"
    started = Batch(first.soql, first.with_deleted, first.version, first.size, total, locator)
    return _batch(store, query, sobject, started)


def run_more(store: Store, locator: str, version: str) -> dict[str, Any]:
    """The batch of a locator; the same locator gives the same batch again."""
    kept = store.noted(_TOPIC, locator)
    if kept is None:
        raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
    position = kept.pop("position")
    batch = Batch(**{**kept, "version": version}, position=tuple(position) if position else None)
    query = read(batch.soql)
    return _batch(store, query, object_named(query.object), batch)


def object_of(store: Store, locator: str) -> str | None:
    """The object that a locator's query reads."""
    kept = store.noted(_TOPIC, locator)
    return object_named(read(kept["soql"]).object).name if kept else None


def _batch(store: Store, query: Query, sobject: SObject, batch: Batch) -> dict[str, Any]:
    project = projection(store, sobject, query.fields, batch.version)
    rows = rows_of(store, query, sobject, batch)
    reached = batch.offset + len(rows)
    reply: dict[str, Any] = {"totalSize": batch.total, "done": reached >= batch.total or not rows}
    if not reply["done"]:
        locator = f"{batch.locator}-{reached}"
        kept = {name: getattr(batch, name) for name in ("soql", "with_deleted", "size", "total", "locator")}
        store.note(
            _TOPIC, locator, {**kept, "version": "", "offset": reached, "position": (rows[-1][1], rows[-1][0])}
        )
        reply["nextRecordsUrl"] = f"/services/data/{batch.version}/query/{locator}"
    reply["records"] = [project(decode(row[2])) for row in rows]
    return reply


def rows_of(store: Store, query: Query, sobject: SObject, batch: Batch) -> list[Row]:
    """The rows of a batch, after the last row of the batch before."""
    size = min(batch.size, batch.total - batch.offset)
    where = where_of(query, sobject, with_deleted=batch.with_deleted)
    order = _quick_order(query, where)
    if order is None:
        offset = query.offset + batch.offset
        return store.ordered(sobject.name, where, order_of(query, sobject), limit=size, offset=offset)
    if batch.position is None:
        return store.page(sobject.name, where, order, limit=size, offset=query.offset)
    return store.page(sobject.name, order.after(where, batch.position), order, limit=size)


def _quick_order(query: Query, where: Where) -> Order | None:
    """An order that can be continued from a position; without ORDER BY the one that suits the condition."""
    names = [(name.lower(), is_descending) for name, is_descending in query.order]
    directions = {is_descending for _, is_descending in names}
    if not names:
        return Order(by_stamp="updated_at" in where.sql)
    if len(directions) > 1:
        return None
    match [name for name, _ in names]:
        case ["id"]:
            return Order(reverse=directions == {True})
        case ["systemmodstamp" | "lastmodifieddate"] | ["systemmodstamp" | "lastmodifieddate", "id"]:
            return Order(by_stamp=True, reverse=directions == {True})
    return None


def projection(
    store: Store, sobject: SObject, paths: tuple[str, ...], version: str
) -> Callable[[Record], dict[str, Any]]:
    """A function from a stored record to the selected fields, related ones nested."""
    base = f"/services/data/{version}/sobjects/{sobject.name}/"
    plain: list[tuple[str, str]] = []
    related: dict[str, tuple[str, SObject, list[str]]] = {}
    for path in paths:
        reference, other, item = path_named(sobject, path)
        if reference is None:
            plain.append((item.name, "SystemModstamp" if item.name == "LastModifiedDate" else item.name))
        else:
            related.setdefault(reference.relationship or "", (reference.name, other, []))[2].append(item.name)
    inner = {
        name: (field, other.name, projection(store, other, tuple(names), version))
        for name, (field, other, names) in related.items()
    }

    def project(record: Record) -> dict[str, Any]:
        shown: dict[str, Any] = {"attributes": {"type": sobject.name, "url": base + record["Id"]}}
        for name, source in plain:
            shown[name] = record.get(source)
        for name, (field, collection, project_inner) in inner.items():
            found = store.get(collection, record[field]) if record.get(field) else None
            shown[name] = project_inner(found) if found else None
        return shown

    return project
