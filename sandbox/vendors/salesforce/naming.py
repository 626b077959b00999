"""Names the operations of a call without carrying it out: `query:Account`, `collection_upsert:Account`."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.server.store import Store
from sandbox.server.vendor import Described
from sandbox.vendors.salesforce.composite import object_in, records_in
from sandbox.vendors.salesforce.conditions import object_named
from sandbox.vendors.salesforce.objects import OBJECTS, SObject
from sandbox.vendors.salesforce.queries import object_of
from sandbox.vendors.salesforce.routes import Route
from sandbox.vendors.salesforce.soql import read
from sandbox.vendors.salesforce.writes import matches

Target = tuple[str, str]


def described(store: Store, route: Route) -> Described:
    """The operations of a call, and the records that it is for."""
    describe = _DESCRIBE.get(route.name)
    if describe is not None:
        return describe(store, route)
    if "object" in route.parts:
        return Described((f"{route.name}:{object_named(route.parts['object']).name}",))
    return Described((route.name,))


def _query(_: Store, route: Route) -> Described:
    return Described((f"query:{object_named(read(route.query('q')).object).name}",))


def _query_more(store: Store, route: Route) -> Described:
    return Described((f"query:{object_of(store, route.parts['locator'])}", "query_more"))


def _by_id(_: Store, route: Route) -> Described:
    name = object_named(route.parts["object"]).name
    return Described((f"{route.name}:{name}",), ((name, route.parts["id"]),))


def _by_key(store: Store, route: Route) -> Described:
    sobject = object_named(route.parts["object"])
    name = route.parts.get("field")
    values = {**route.body(), **({name: route.parts["value"]} if name else {})}
    return Described((f"{route.name}:{sobject.name}",), (_target(store, sobject, values, name),))


def _collection(store: Store, route: Route) -> Described:
    records = records_in(route.body())
    if "object" in route.parts:
        records = [{"attributes": {"type": route.parts["object"]}, **record} for record in records]
    kinds = sorted({object_in(record).name for record in records})
    targets = (_target(store, object_in(record), record, route.parts.get("field")) for record in records)
    return Described(tuple(f"{route.name}:{kind}" for kind in kinds), tuple(targets))


def _collection_delete(_: Store, route: Route) -> Described:
    kinds = {item.prefix: item.name for item in OBJECTS.values()}
    targets = tuple((kinds.get(record_id[:3], "?"), record_id) for record_id in route.query("ids").split(","))
    return Described((route.name,), targets)


def _target(store: Store, sobject: SObject, values: Mapping[str, Any], field_name: str | None) -> Target:
    """The record of a write by its id, or else by its external id, which the control desk resolves later."""
    if field_name:
        found = matches(store, sobject, field_name, values.get(field_name))
        return sobject.name, (found[0]["Id"] if found else f"{field_name}={values.get(field_name)}")
    record_id = values.get("id") or values.get("Id")
    keys = (f"{f.name}={values[f.name]}" for f in sobject.own_fields if f.is_external_id and values.get(f.name))
    return sobject.name, str(record_id or next(keys, "?"))


_DESCRIBE: dict[str, Callable[[Store, Route], Described]] = {
    "query": _query,
    "query_all": _query,
    "query_more": _query_more,
    "update": _by_id,
    "delete": _by_id,
    "create": _by_key,
    "upsert": _by_key,
    "collection_create": _collection,
    "collection_update": _collection,
    "collection_upsert": _collection,
    "collection_delete": _collection_delete,
}
