"""Metafields of customers: each has a type, and a value that fits it; one without a value does not exist."""

import re
from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.shopify.collections import collection_of, stamp
from sandbox.vendors.shopify.projector import FieldContext, Project
from sandbox.vendors.shopify.refusals import Asked, MutationRefusedError, user_error

HELD = "metafields"
_SHAPES = {
    "single_line_text_field": re.compile(r"[^\n]+"),
    "number_integer": re.compile(r"-?\d{1,16}"),
    "number_decimal": re.compile(r"-?\d{1,13}(\.\d{1,9})?"),
    "boolean": re.compile(r"true|false"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "date_time": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.*"),
}


def metafield(context: FieldContext) -> Project:
    """The metafield of a namespace and key; none where it was never given."""
    child, place = context.child, _place(context.arguments)
    assert child is not None

    def project(record: Record) -> Any:
        found = (record.get(HELD) or {}).get(place)
        return None if found is None else child.project(found)

    return project


def with_metafields(customer: Record, given: list[dict[str, Any]]) -> Record:
    """The customer with these metafields beside those that it has."""
    held = dict(customer.get(HELD) or {})
    for number, each in enumerate(given):
        known = held.get(_place(each), {})
        kind = each.get("type") or known.get("type")
        shape = _SHAPES.get(kind)
        place = ["metafields", str(number)]
        if shape is None or kind != known.get("type", kind):
            raise MutationRefusedError([user_error([*place, "type"], "Type is not that of the metafield")])
        if shape.fullmatch(each.get("value") or "") is None:
            raise MutationRefusedError([user_error([*place, "value"], f"Value must be of the type {kind}")])
        held[_place(each)] = {**each, "type": kind}
    return {**customer, HELD: held}


def delete_metafields(store: Store, asked: Asked) -> dict[str, Any]:
    """Takes metafields of customers away; null stands for one that was not there."""
    deleted: list[dict[str, Any] | None] = []
    for number, each in enumerate(asked.arguments["metafields"]):
        owner = each["ownerId"]
        customer = store.get("customers", owner) if collection_of(owner) == "customers" else None
        if customer is None:
            place = ["metafields", str(number), "ownerId"]
            raise MutationRefusedError([user_error(place, "Owner does not exist")])
        held = dict(customer.get(HELD) or {})
        deleted.append(each if held.pop(_place(each), None) else None)
        changed = {**customer, HELD: held, "updatedAt": stamp(store.clock.tick())}
        store.put("customers", changed, operation="metafieldsDelete")
    return {"deletedMetafields": deleted}


def _place(given: dict[str, Any]) -> str:
    return f"{given.get('namespace') or 'custom'}.{given['key']}"
