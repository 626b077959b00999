"""The records that a mutation is for, by which the gate counts what was tried."""

from collections.abc import Callable
from typing import Any

_TARGET_OF = {
    "customerUpdate": "customers",
    "customerCreate": "customers",
    "customerSet": "customers",
    "orderUpdate": "orders",
}
# Mutations of several records: what these are, and their keys among the arguments.
_LISTS: dict[str, tuple[str, Callable[[dict[str, Any]], list[Any]]]] = {
    "inventorySetQuantities": (
        "inventory_items",
        lambda given: [line["inventoryItemId"] for line in given["input"]["quantities"]],
    ),
    "productVariantsBulkUpdate": (
        "product_variants",
        lambda given: [variant.get("id") for variant in given["variants"]],
    ),
    "metafieldsDelete": ("customers", lambda given: [each["ownerId"] for each in given["metafields"]]),
}


def targets_of(name: str, given: dict[str, Any]) -> list[tuple[str, str]]:
    """The records that a mutation is for; a new customer is named by its e-mail address."""
    if name.startswith("bulkOperation"):
        return []
    if name in _LISTS:
        collection, list_keys = _LISTS[name]
        return [(collection, str(key)) for key in list_keys(given)]
    if name.startswith("fulfillment"):
        return _fulfillment_targets(given)
    if name.startswith("customerAddress"):
        return [("customers", given["customerId"])]
    known = {**(given.get("identifier") or {}), **given["input"]}
    key = next((f"{field}={known[field]}" for field in ("email", "phone") if known.get(field)), "?")
    return [(_TARGET_OF[name], str(known.get("id") or key))]


def _fulfillment_targets(given: dict[str, Any]) -> list[tuple[str, str]]:
    """The fulfillment orders that are fulfilled, or the fulfillment that is changed."""
    if made := given.get("fulfillment"):
        return [("fulfillment_orders", item["fulfillmentOrderId"]) for item in made["lineItemsByFulfillmentOrder"]]
    event = given.get("fulfillmentEvent") or {}
    return [("fulfillments", given.get("id") or given.get("fulfillmentId") or event.get("fulfillmentId") or "?")]
