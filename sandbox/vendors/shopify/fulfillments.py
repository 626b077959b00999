"""Writes fulfillments; each is kept inside its order and names its fulfillment order."""

from typing import Any

from sandbox.server.queries import Order as Sorting
from sandbox.server.queries import Where
from sandbox.server.records import Record, decode
from sandbox.server.store import Store
from sandbox.vendors.shopify.collections import collection_of, gid, stamp
from sandbox.vendors.shopify.refusals import Asked, MutationRefusedError, user_error

_OVER = ("CLOSED", "CANCELLED", "ON_HOLD", "SCHEDULED")
_LONGEST_NUMBER = 255


def fulfillments_of(store: Store, record: Record) -> list[Record]:
    """The fulfillments of a fulfillment order, cancelled ones included."""
    order = store.get("orders", record["orderId"]) or {}
    return [item for item in order.get("fulfillments") or [] if _belongs(item, record)]


def _belongs(fulfillment: Record, record: Record) -> bool:
    """Whether a fulfillment is of this fulfillment order; one that names none belongs to the only one."""
    return bool(fulfillment.get("fulfillmentOrderId", record["id"]) == record["id"])


def create_fulfillment(store: Store, asked: Asked) -> dict[str, Any]:
    """Ship all that is left of the named fulfillment orders, which belong to one order."""
    given = asked.arguments["fulfillment"]
    named = [item["fulfillmentOrderId"] for item in given["lineItemsByFulfillmentOrder"]]
    records = [_fulfillment_order(store, key) for key in named]
    if not records or len({record["orderId"] for record in records}) != 1:
        raise _refused(["fulfillment"], "All fulfillment orders must belong to the same order.")
    if any(record["status"] in _OVER for record in records):
        raise _refused(["fulfillment"], f"Fulfillment order {records[0]['id']} has an unfulfillable status")
    tracking = _tracking(given.get("trackingInfo") or {})
    order = store.get("orders", records[0]["orderId"]) or {}
    now = store.clock.tick()
    fulfillment = {
        "id": gid("Fulfillment", now),
        "name": f"{order['name']}.{1 + len(order.get('fulfillments') or [])}",
        "status": "SUCCESS",
        "displayStatus": "FULFILLED",
        "createdAt": stamp(now),
        "updatedAt": stamp(now),
        "trackingInfo": [tracking] if tracking else [],
        "fulfillmentOrderId": records[0]["id"],
        "fulfillmentLineItems": _left_of(order, now),
    }
    order["fulfillments"] = [*(order.get("fulfillments") or []), fulfillment]
    order["displayFulfillmentStatus"] = "FULFILLED"
    for record in records:
        record["status"] = "CLOSED"
        _save(store, order, record, "fulfillmentCreate")
    return {"fulfillment": fulfillment}


def update_tracking(store: Store, asked: Asked) -> dict[str, Any]:
    """Set the tracking company and number of a fulfillment."""
    order, fulfillment = _find(store, asked.arguments["fulfillmentId"], ["fulfillmentId"])
    if fulfillment["status"] == "CANCELLED":
        raise _refused(["fulfillmentId"], "Fulfillment is cancelled.")
    fulfillment["trackingInfo"] = [_tracking(asked.arguments["trackingInfoInput"])]
    _touch(store, order, fulfillment, "fulfillmentTrackingInfoUpdate")
    return {"fulfillment": fulfillment}


def cancel_fulfillment(store: Store, asked: Asked) -> dict[str, Any]:
    """Cancel a fulfillment; a new fulfillment order holds what it shipped."""
    order, fulfillment = _find(store, asked.arguments["id"], ["id"])
    if fulfillment["status"] == "CANCELLED":
        raise _refused(["id"], "Fulfillment has already been cancelled.")
    fulfillment |= {"status": "CANCELLED", "displayStatus": "CANCELED"}
    order["displayFulfillmentStatus"] = "UNFULFILLED"
    record = _touch(store, order, fulfillment, "fulfillmentCancel")
    now = store.clock.tick()
    again = {
        "id": gid("FulfillmentOrder", now),
        "status": "OPEN",
        "createdAt": stamp(now),
        "updatedAt": stamp(now),
    }
    store.put("fulfillment_orders", {**record, **again}, operation="fulfillmentCancel")
    return {"fulfillment": fulfillment}


def add_event(store: Store, asked: Asked) -> dict[str, Any]:
    """Add an event of a parcel; the fulfillment shows the newest one."""
    given = asked.arguments["fulfillmentEvent"]
    order, fulfillment = _find(store, given["fulfillmentId"], ["fulfillmentEvent", "fulfillmentId"])
    if fulfillment["status"] == "CANCELLED":
        raise _refused(["fulfillmentEvent", "fulfillmentId"], "Fulfillment is cancelled.")
    fulfillment["displayStatus"] = given["status"]
    _touch(store, order, fulfillment, "fulfillmentEventCreate")
    happened = given.get("happenedAt") or fulfillment["updatedAt"]
    event = {"id": gid("FulfillmentEvent", store.clock.tick()), "status": given["status"], "happenedAt": happened}
    return {"fulfillmentEvent": {**event, "createdAt": fulfillment["updatedAt"]}}


def _refused(field: list[str], message: str) -> MutationRefusedError:
    return MutationRefusedError([user_error(field, message)])


def _fulfillment_order(store: Store, key: str) -> Record:
    record = store.get("fulfillment_orders", key) if collection_of(key) == "fulfillment_orders" else None
    if record is None:
        raise _refused(["fulfillment"], "Fulfillment order does not exist.")
    return record


def _tracking(given: dict[str, Any]) -> Record:
    """The tracking company and number; spaces around a number are removed, and too long a number is refused."""
    tracking = {name: given[name] for name in ("company", "number", "url") if given.get(name)}
    if len(tracking.get("number", "")) > _LONGEST_NUMBER:
        raise _refused(["trackingInfo", "number"], f"Number is too long (maximum is {_LONGEST_NUMBER} characters)")
    return tracking


def _find(store: Store, fulfillment_id: str, field: list[str]) -> tuple[Record, Record]:
    """The order that holds a fulfillment, and the fulfillment in it."""
    inside = "exists (select 1 from json_each(body, '$.fulfillments') where json_extract(value, '$.id') = ?)"
    rows = store.page("orders", Where(inside, (fulfillment_id,)), Sorting(), limit=1)
    if not rows:
        raise _refused(field, "Fulfillment does not exist.")
    order: Record = decode(rows[0][2])
    return order, next(item for item in order["fulfillments"] if item["id"] == fulfillment_id)


def _touch(store: Store, order: Record, fulfillment: Record, operation: str) -> Record:
    """Save a changed fulfillment with its order and fulfillment order; gives the fulfillment order."""
    fulfillment["updatedAt"] = stamp(store.clock.tick())
    key = order["id"].rsplit("/", 1)[-1]
    found = [
        store.get_by_key("fulfillment_orders", found) for found in store.find("fulfillment_orders", "order", key)
    ]
    record = next(item for item in found if item is not None and _belongs(fulfillment, item))
    fulfillment["fulfillmentOrderId"] = record["id"]
    _save(store, order, record, operation)
    return record


def _save(store: Store, order: Record, record: Record, operation: str) -> None:
    order["updatedAt"] = record["updatedAt"] = stamp(store.clock.tick())
    store.put("orders", order, operation=operation)
    store.put("fulfillment_orders", record, operation=operation)


def _left_of(order: Record, now: int) -> list[Record]:
    """The lines of an order less what other fulfillments shipped."""
    shipped: dict[str, int] = {}
    for fulfillment in order.get("fulfillments") or []:
        if fulfillment["status"] != "CANCELLED":
            for item in fulfillment["fulfillmentLineItems"]:
                key = item["lineItem"]["id"]
                shipped[key] = shipped.get(key, 0) + item["quantity"]
    left = [(line, line["quantity"] - shipped.get(line["id"], 0)) for line in order.get("lineItems") or []]
    return [
        {"id": gid("FulfillmentLineItem", now * 10 + place), "quantity": quantity, "lineItem": line}
        for place, (line, quantity) in enumerate(left)
        if quantity > 0
    ]
