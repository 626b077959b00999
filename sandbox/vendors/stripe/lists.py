"""Lists: newest first, after an id, within a range of creation times, by the declared filters."""

import time
from typing import Any

from sandbox.server.queries import Order, Where
from sandbox.server.records import Record, decode, normalised
from sandbox.server.store import Store
from sandbox.vendors.stripe.errors import StripeError, missing, unknown_parameter
from sandbox.vendors.stripe.forms import Form, read_integer
from sandbox.vendors.stripe.objects import KINDS, Kind, kind_of, shown

_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_COMMON = frozenset({"limit", "starting_after", "ending_before", "created", "expand"})
_MOST_TYPES = 20
_DAY = 86_400


def list_page(store: Store, kind: Kind, query: Form, event_days: float) -> dict[str, Any]:
    """One page of a list."""
    limit = read_integer(query, "limit", 10)
    if not 1 <= limit <= 100:
        raise StripeError("This value must be between 1 and 100.", code="parameter_invalid_integer", param="limit")
    where = _where(kind, query)
    if kind.collection == "events":
        where = where.and_("updated_at >= ?", int((time.time() - event_days * _DAY) * 1_000_000))
    order = Order(by_stamp=True, reverse="ending_before" not in query)
    for name in ("starting_after", "ending_before"):
        if name in query:
            where = order.after(where, _position(store, kind, query[name], name))
    rows = store.page(kind.collection, where, order, limit=limit + 1)
    records = [decode(row[2]) for row in rows[:limit]]
    if not order.reverse:
        records.reverse()
    told = [expanded(store, shown(kind, record), query.get("expand", ()), "data.") for record in records]
    return {"object": "list", "url": f"/v1/{kind.collection}", "has_more": len(rows) > limit, "data": told}


def _position(store: Store, kind: Kind, key: str, param: str) -> tuple[int, str]:
    found = store.get(kind.collection, key)
    if found is None:
        raise missing(kind.object, key, param=param)
    return int(found["created"]) * 1_000_000, key


def _where(kind: Kind, query: Form) -> Where:
    where = _created(Where("deleted = 0"), query.get("created"))
    for name, value in query.items():
        if name in _COMMON:
            continue
        if kind.collection == "events" and name in ("type", "types"):
            where = _of_types(where, [value] if name == "type" else value)
        elif name in kind.filters:
            where = where.and_(
                "key in (select key from lookups where collection = ? and field = ? and value = ?)",
                kind.collection,
                name,
                normalised(value),
            ).and_("json_extract(body, ?) = ?", f"$.{name}", value)
        else:
            raise unknown_parameter(name)
    return where


def _of_types(where: Where, types: list[str]) -> Where:
    if len(types) > _MOST_TYPES:
        raise StripeError(f"You may filter by at most {_MOST_TYPES} types.", param="types")
    marks = ", ".join("?" for _ in types)
    return where.and_(f"json_extract(body, '$.type') in ({marks})", *types)


def _created(where: Where, asked: Any) -> Where:
    if asked is None:
        return where
    bounds = asked if isinstance(asked, dict) else {"gte": asked, "lte": asked}
    for word in bounds:
        if word not in _SIGNS:
            raise unknown_parameter(f"created[{word}]")
        where = where.and_(f"updated_at {_SIGNS[word]} ?", read_integer(bounds, word, 0) * 1_000_000)
    return where


def expanded(store: Store, record: Record, paths: Any, prefix: str = "") -> Record:
    """The record with the requested objects in place of their ids."""
    for path in paths:
        name = str(path).removeprefix(prefix)
        other = kind_of(str(record.get(name) or ""))
        if other is None or (prefix and not str(path).startswith(prefix)):
            message = f"This property cannot be expanded ({path})."
            raise StripeError(message, code="property_not_expandable", param="expand")
        found = store.get(other.collection, record[name])
        record = {**record, name: shown(KINDS[other.collection], found) if found else record[name]}
    return record
