"""The CRM's search: filters in groups, one sort, offsets that end at a cap, and an index that lags behind."""

from datetime import datetime
from typing import Any

from sandbox.server.clock import to_micros
from sandbox.server.queries import Where
from sandbox.server.records import Record, decode
from sandbox.server.store import Store
from sandbox.vendors.hubspot.errors import invalid_request
from sandbox.vendors.hubspot.objects import ObjectType, Property, shown

_GROUPS, _FILTERS, _FILTERS_IN_ALL, _LIMIT = 5, 6, 18, 200
_SIGNS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


def search(store: Store, kind: ObjectType, body: dict[str, Any], *, cap: int, lag: float) -> dict[str, Any]:
    """One page of what is found; nothing that changed within the last `lag` seconds, and nothing archived."""
    limit, offset = int(body.get("limit") or 10), _offset(body.get("after"))
    if not 1 <= limit <= _LIMIT:
        raise invalid_request(f"limit must be between 1 and {_LIMIT}")
    if offset + limit > cap:
        raise invalid_request(
            f"The offset {offset} plus the limit {limit} is beyond the {cap} results of a search"
        )
    where = _where(kind, body.get("filterGroups") or [])
    if lag:
        where = where.and_("updated_at <= ?", store.clock.tick() - int(lag * 1_000_000))
    total = store.count(kind.name, where)
    rows = store.ordered(kind.name, where, _order(kind, body.get("sorts") or []), limit=limit, offset=offset)
    names = body.get("properties") or []
    results: list[Record] = [shown(kind, decode(row[2]), names) for row in rows]
    found: dict[str, Any] = {"total": total, "results": results}
    if offset + len(rows) < total:
        found["paging"] = {"next": {"after": str(offset + len(rows))}}
    return found


def _offset(after: Any) -> int:
    text = str(after or 0)
    if not text.isdigit():
        raise invalid_request(f"after is not an offset: {text}")
    return int(text)


def _order(kind: ObjectType, sorts: list[Any]) -> str:
    if len(sorts) > 1:
        raise invalid_request("Only one sort is allowed")
    if not sorts:
        return "key"
    item = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": sorts[0]}
    way = "desc" if item.get("direction") == "DESCENDING" else "asc"
    return f"{_column(_property(kind, item.get('propertyName', '')), kind)} {way}, key"


def _where(kind: ObjectType, groups: list[dict[str, Any]]) -> Where:
    filters = [group.get("filters") or [] for group in groups]
    if len(groups) > _GROUPS or any(len(some) > _FILTERS for some in filters):
        raise invalid_request(f"A search takes {_GROUPS} filterGroups of {_FILTERS} filters at most")
    if sum(len(some) for some in filters) > _FILTERS_IN_ALL:
        raise invalid_request(f"A search takes {_FILTERS_IN_ALL} filters at most")
    where = Where("deleted = 0")
    if not filters:
        return where
    parts = [_all_of(kind, some) for some in filters]
    return where.and_(" or ".join(f"({part.sql})" for part in parts), *(p for part in parts for p in part.params))


def _all_of(kind: ObjectType, filters: list[dict[str, Any]]) -> Where:
    where = Where()
    for item in filters:
        one = _condition(kind, item)
        where = where.and_(one.sql, *one.params)
    return where


def _condition(kind: ObjectType, item: dict[str, Any]) -> Where:
    wanted = _property(kind, str(item.get("propertyName", "")))
    column, operator = _column(wanted, kind), item.get("operator")
    match operator:
        case "HAS_PROPERTY" | "NOT_HAS_PROPERTY":
            return Where(f"{column} is {'not ' if operator == 'HAS_PROPERTY' else ''}null")
        case "IN" | "NOT_IN":
            values = [_value(wanted, kind, value) for value in item.get("values") or []]
            words = "in" if operator == "IN" else "not in"
            return Where(f"{column} {words} ({', '.join('?' * len(values))})", tuple(values))
        case "BETWEEN":
            ends = (_value(wanted, kind, item.get("value")), _value(wanted, kind, item.get("highValue")))
            return Where(f"{column} between ? and ?", ends)
        case "CONTAINS_TOKEN":
            return Where(f"{column} like ?", (str(item.get("value", "")).lower().replace("*", "%"),))
    if operator not in _SIGNS:
        raise invalid_request(f"unknown operator {operator}")
    return Where(f"{column} {_SIGNS[operator]} ?", (_value(wanted, kind, item.get("value")),))


def _property(kind: ObjectType, name: str) -> Property:
    item = kind.properties.get(name)
    if item is None:
        raise invalid_request(f"There was a problem with the request. Property {name} does not exist.")
    return item


def _column(item: Property, kind: ObjectType) -> str:
    """The SQL expression of a property; its name is one of the type's, so it cannot inject SQL."""
    if item.name == "hs_object_id":
        return "key"
    if item.name == kind.modified:
        return "updated_at"
    if item.name == "createdate":
        return "json_extract(body, '$.createdAt')"
    column = f"json_extract(body, '$.properties.{item.name}')"
    return f"cast({column} as real)" if item.type == "number" else f"lower({column})"


def _value(item: Property, kind: ObjectType, value: Any) -> Any:
    text = str(value)
    try:
        if item.name == kind.modified:
            return int(text) * 1000 if text.isdigit() else to_micros(text)
        if item.name == "hs_object_id":
            return int(text)
        if item.type == "number":
            return float(text)
        if item.type == "datetime" and not text.isdigit():
            return datetime.fromisoformat(text).isoformat()
    except ValueError as wrong:
        raise invalid_request(f"{text} is no value of {item.name}") from wrong
    return text.lower()
