"""Writes prices and orders."""

import re
from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.shopify.collections import collection_of, stamp
from sandbox.vendors.shopify.refusals import Asked, MutationRefusedError, user_error

_PRICE = re.compile(r"[0-9]+(\.[0-9]+)?")
_ORDER_FIELDS = ("note", "email", "phone", "tags")


def update_variants(store: Store, asked: Asked) -> dict[str, Any]:
    """Change several variants of one product; without partial updates, one invalid variant refuses all."""
    product = store.get("products", asked.arguments["productId"])
    if product is None or collection_of(asked.arguments["productId"]) != "products":
        raise MutationRefusedError([user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")])
    good, errors = [], []
    for place, given in enumerate(asked.arguments["variants"]):
        variant, error = _changed_variant(store, product, given, str(place))
        if error:
            errors.append(error)
        elif variant:
            good.append(variant)
    if errors and not asked.arguments.get("allowPartialUpdates"):
        raise MutationRefusedError(errors, {"product": product})
    for variant in good:
        variant["updatedAt"] = stamp(store.clock.tick())
        store.put("product_variants", variant, operation="productVariantsBulkUpdate")
    payload = {"product": product, "productVariants": good}
    if errors:
        raise PartlyDoneError(errors, payload)
    return payload


class PartlyDoneError(MutationRefusedError):
    """Some variants were written and some refused; it holds both."""


def _changed_variant(
    store: Store, product: Record, given: dict[str, Any], place: str
) -> tuple[Record | None, dict[str, Any] | None]:
    variant = store.get("product_variants", given.get("id") or "")
    if variant is None or (variant.get("product") or {}).get("id") != product["id"]:
        message = "Product variant does not exist"
        return None, user_error(["variants", place, "id"], message, "PRODUCT_VARIANT_DOES_NOT_EXIST")
    price = given.get("price", variant.get("price"))
    if price is not None and not _PRICE.fullmatch(str(price)) and "price" in given:
        return None, user_error(
            ["variants", place, "price"], "Price must be greater than or equal to 0", "INVALID"
        )
    changes = {name: given[name] for name in ("barcode",) if name in given}
    if "price" in given:
        changes["price"] = f"{price}"
    return {**variant, **changes}, None


def update_order(store: Store, asked: Asked) -> dict[str, Any]:
    """Change note, e-mail, phone or tags of an order."""
    given = asked.arguments["input"]
    order = store.get("orders", given["id"])
    if order is None or collection_of(given["id"]) != "orders":
        raise MutationRefusedError([user_error(["id"], "Order does not exist")])
    order |= {name: given[name] for name in _ORDER_FIELDS if name in given}
    order["updatedAt"] = stamp(store.clock.tick())
    store.put("orders", order, operation="orderUpdate")
    return {"order": order}
