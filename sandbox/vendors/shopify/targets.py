"""The records that a mutation is for, by which the gate counts what was tried."""

from typing import Any

_TARGET_OF = {
    "customerUpdate": "customers",
    "customerCreate": "customers",
    "customerSet": "customers",
    "orderUpdate": "orders",
}


def targets_of(name: str, given: dict[str, Any]) -> list[tuple[str, str]]:
    """The records that a mutation is for; a new customer is named by its e-mail address."""
    if name.startswith("bulkOperation"):
        return []
    if name == "inventorySetQuantities":
        return [("inventory_items", line["inventoryItemId"]) for line in given["input"]["quantities"]]
    if name == "productVariantsBulkUpdate":
        return [("product_variants", str(variant.get("id"))) for variant in given["variants"]]
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
