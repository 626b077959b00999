"""The roots of the query type: connections over a whole collection, and single records by id."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, Protocol

from graphql import FieldNode, GraphQLObjectType

from sandbox.server.queries import Order, Row, Where
from sandbox.server.records import Record, decode, encode
from sandbox.server.store import Store
from sandbox.vendors.shopify.collections import GID_TYPES, TYPE_OF, collection_of
from sandbox.vendors.shopify.documents import SCHEMA, DocumentError, field_type
from sandbox.vendors.shopify.projector import Compiler, Slice, connection_cost
from sandbox.vendors.shopify.scopes import orders_seen
from sandbox.vendors.shopify.search import SearchError, to_where

CONNECTIONS = {
    "customers": "customers",
    "products": "products",
    "productVariants": "product_variants",
    "inventoryItems": "inventory_items",
    "orders": "orders",
    "fulfillmentOrders": "fulfillment_orders",
    "locations": "locations",
    "deletionEvents": "deletion_events",
}
COUNTS = {
    "customersCount": "customers",
    "ordersCount": "orders",
    "productVariantsCount": "product_variants",
}
SINGLE = {
    "customer": "customers",
    "product": "products",
    "productVariant": "product_variants",
    "inventoryItem": "inventory_items",
    "order": "orders",
    "fulfillmentOrder": "fulfillment_orders",
    "location": "locations",
}
LARGEST_PAGE = 250
_SHOP = {
    "id": "gid://shopify/Shop/1",
    "name": "Sandbox Shop",
    "currencyCode": "EUR",
    "myshopifyDomain": "sandbox.myshopify.com",
    "ianaTimezone": "Europe/Berlin",
}

# A compiled root: running it gives its value and its actual cost.
Root = Callable[[], tuple[Any, int]]


class Operations(Protocol):
    """The shop's bulk operations."""

    def find(self, record_id: str) -> Record | None:
        """The present state of an operation."""


def compile_root(
    compiler: Compiler, store: Store, nodes: list[FieldNode], bulk: Operations | None = None
) -> tuple[Root, int]:
    """One root field, ready to run, and the cost that is charged in advance."""
    name = nodes[0].name.value
    arguments = compiler.arguments("QueryRoot", nodes[0])
    if name in CONNECTIONS:
        return _connection(compiler, store, nodes, arguments)
    if name in COUNTS:
        return _count(compiler, store, nodes, arguments)
    if name == "bulkOperation":
        return _operation(compiler, nodes, arguments["id"], bulk)
    if name in SINGLE:
        return _single(compiler, store, nodes, arguments)
    if name in ("node", "nodes"):
        ids = [arguments["id"]] if name == "node" else arguments["ids"]
        return _by_ids(compiler, store, nodes, ids)
    child = compiler.child(SCHEMA.type_map["Shop"], nodes)
    return lambda: (child.project(_SHOP), child.cost), child.cost


def _refused(name: str, message: str, code: str) -> DocumentError:
    return DocumentError([{"message": message, "path": [name], "extensions": {"code": code}}])


def _connection(
    compiler: Compiler, store: Store, nodes: list[FieldNode], arguments: dict[str, Any]
) -> tuple[Root, int]:
    name = nodes[0].name.value
    first = int(arguments["first"])
    if not 0 < first <= LARGEST_PAGE:
        raise _refused(name, f"first cannot exceed {LARGEST_PAGE}", "BAD_REQUEST")
    child = compiler.child(field_type("QueryRoot", name), nodes)
    collection = CONNECTIONS[name]
    order = Order(arguments.get("sortKey") in ("UPDATED_AT", "CREATED_AT"), bool(arguments.get("reverse")))
    where = where_of(store, name, arguments)
    after = arguments.get("after")
    if after:
        where = order.after(where, _position(name, after))

    def run() -> tuple[Any, int]:
        part = slice_of(store.page(collection, where, order, limit=first + 1), first, had_before=bool(after))
        return child.project(part), connection_cost(len(part.items), child.cost)

    return run, connection_cost(first, child.cost)


def _count(
    compiler: Compiler, store: Store, nodes: list[FieldNode], arguments: dict[str, Any]
) -> tuple[Root, int]:
    """How many records match, counted up to the limit."""
    name = nodes[0].name.value
    child = compiler.child(SCHEMA.type_map["Count"], nodes)
    where = where_of(store, name, arguments)

    def run() -> tuple[Any, int]:
        count, limit = store.count(COUNTS[name], where), arguments.get("limit")
        is_cut = limit is not None and count > limit
        found = {"count": limit if is_cut else count, "precision": "AT_LEAST" if is_cut else "EXACT"}
        return child.project(found), 10

    return run, 10


def _operation(
    compiler: Compiler, nodes: list[FieldNode], record_id: str, bulk: Operations | None
) -> tuple[Root, int]:
    child = compiler.child(SCHEMA.type_map["BulkOperation"], nodes)

    def run() -> tuple[Any, int]:
        found = bulk.find(record_id) if bulk else None
        return (child.project(found) if found else None), 1

    return run, 1


def where_of(store: Store, name: str, arguments: dict[str, Any]) -> Where:
    """The condition of the search of a root, and of what the app may see."""
    collection = CONNECTIONS.get(name) or COUNTS[name]
    try:
        where = to_where(collection, arguments.get("query"))
    except SearchError as wrong:
        raise _refused(name, f"Invalid search query: {wrong}", "BAD_REQUEST") from wrong
    if arguments.get("includeClosed") is False:
        where = where.and_("json_extract(body, '$.status') not in ('CLOSED', 'CANCELLED')")
    kinds = arguments.get("subjectTypes")
    if kinds:
        places = ", ".join("?" for _ in kinds)
        where = where.and_(f"json_extract(body, '$.subjectType') in ({places})", *kinds)
    return orders_seen(store, where) if collection == "orders" else where


def slice_of(rows: list[Row], first: int, *, had_before: bool) -> Slice:
    """A page of a connection; one row more is read to know whether there is a next page."""
    kept = rows[:first]
    cursors = [cursor_of(row) for row in (kept if len(kept) <= LARGEST_PAGE else kept[-1:])]
    return Slice([decode(row[2]) for row in kept], cursors, len(rows) > first, had_before)


def cursor_of(row: Row) -> str:
    """The cursor of a row."""
    return base64.b64encode(encode({"last_id": row[0], "last_value": row[1]})).decode()


def _position(name: str, cursor: str) -> tuple[int, int]:
    try:
        place = decode(base64.b64decode(cursor, validate=True))
        return int(place["last_value"]), int(place["last_id"])
    except (binascii.Error, ValueError, KeyError, TypeError) as wrong:
        raise _refused(name, f"Invalid cursor for current pagination sort: {cursor}", "BAD_REQUEST") from wrong


def _single(
    compiler: Compiler, store: Store, nodes: list[FieldNode], arguments: dict[str, Any]
) -> tuple[Root, int]:
    collection = SINGLE[nodes[0].name.value]
    child = compiler.child(SCHEMA.type_map[TYPE_OF[collection]], nodes)

    def run() -> tuple[Any, int]:
        record_id = arguments.get("id")
        record = _of_kind(store, collection, record_id) if record_id else _first(store, collection)
        return (child.project(record) if record else None), child.cost

    return run, child.cost


def _of_kind(store: Store, collection: str, record_id: str) -> Record | None:
    """The record of an id; None for an id of another type, also where its number exists."""
    return store.get(collection, record_id) if collection_of(record_id) == collection else None


def _first(store: Store, collection: str) -> Record | None:
    rows = store.page(collection, Where(), Order(), limit=1)
    return decode(rows[0][2]) if rows else None


def _is_parcel(record_id: str) -> bool:
    return "/Fulfillment/" in record_id


def _parcel(store: Store, record_id: str) -> Record | None:
    """The fulfillment of an id, which is kept within its order."""
    rows = store.page("orders", Where(), Order(), limit=1_000_000)
    parcels = (parcel for row in rows for parcel in decode(row[2]).get("fulfillments") or ())
    return next((parcel for parcel in parcels if parcel["id"] == record_id), None)


def _by_ids(compiler: Compiler, store: Store, nodes: list[FieldNode], ids: list[str]) -> tuple[Root, int]:
    name = nodes[0].name.value
    if len(ids) > LARGEST_PAGE:
        raise _refused(
            name,
            f"The input array size of {len(ids)} is greater than the maximum allowed of 250.",
            "MAX_INPUT_SIZE_EXCEEDED",
        )
    compiled = {}
    for record_id in ids:
        collection = collection_of(record_id)
        if collection and collection not in compiled:
            type_ = SCHEMA.type_map[TYPE_OF[collection]]
            assert isinstance(type_, GraphQLObjectType)
            compiled[collection] = compiler.child(type_, nodes)
    parcel = compiler.child(SCHEMA.type_map["Fulfillment"], nodes) if any(map(_is_parcel, ids)) else None

    def fetch(record_id: str) -> Any:
        if parcel is not None and _is_parcel(record_id):
            found = _parcel(store, record_id)
            return parcel.project(found) if found else None
        collection = collection_of(record_id)
        record = store.get(collection, record_id) if collection else None
        return compiled[collection].project(record) if collection and record else None

    def run() -> tuple[Any, int]:
        found = [fetch(record_id) for record_id in ids]
        return (found[0] if name == "node" else found), cost

    cost = sum(compiled[kind].cost for kind in map(collection_of, ids) if kind) if compiled else len(ids)
    return run, cost


assert set(GID_TYPES.values()) >= set(CONNECTIONS.values())
