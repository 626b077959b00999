"""Writing prices, stock and orders."""

import re
from typing import Any

from sandbox.store import Record, Store
from sandbox.vendors.shopify.collections import collection_of, gid, number_of, stamp
from sandbox.vendors.shopify.user_errors import UserErrors, user_error

_PRICE = re.compile(r"[0-9]+(\.[0-9]+)?")
_CAS_SINCE = "2026-04"
_MOST_QUANTITIES = 250
_ORDER_FIELDS = ("note", "email", "phone", "tags")


def update_variants(store: Store, arguments: dict[str, Any], version: str) -> dict[str, Any]:
    """Changes several variants of one product; without partial updates, one bad variant refuses all."""
    product = store.get("products", arguments["productId"])
    if product is None or collection_of(arguments["productId"]) != "products":
        raise UserErrors([user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")])
    good, errors = [], []
    for place, given in enumerate(arguments["variants"]):
        variant, error = _changed_variant(store, product, given, str(place))
        if error:
            errors.append(error)
        elif variant:
            good.append(variant)
    if errors and not arguments.get("allowPartialUpdates"):
        raise UserErrors(errors, {"product": product})
    for variant in good:
        variant["updatedAt"] = stamp(store.clock.tick())
        store.put("product_variants", variant, operation="productVariantsBulkUpdate")
    payload = {"product": product, "productVariants": good}
    if errors:
        raise PartlyDone(errors, payload)
    return payload


class PartlyDone(UserErrors):
    """Some were written, some refused: both are told."""


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


def set_quantities(store: Store, arguments: dict[str, Any], version: str) -> dict[str, Any]:
    """Compare and swap of stock: one line that is out of date refuses them all."""
    given = arguments["input"]
    quantities = given["quantities"]
    if given["name"] not in ("available", "on_hand"):
        raise UserErrors(
            [
                user_error(
                    ["input", "name"], "The quantity name must be either available or on_hand.", "INVALID_NAME"
                )
            ]
        )
    if len(quantities) > _MOST_QUANTITIES:
        message = f"The quantities can't be more than {_MOST_QUANTITIES}."
        raise UserErrors([user_error(["input", "quantities"], message, "TOO_MANY_QUANTITIES")])
    items: dict[int, Record] = {}
    changes, errors = [], []
    for place, line in enumerate(quantities):
        change, error = _set_one(store, items, line, given, version, place)
        errors += [error] if error else []
        changes += [change] if change else []
    if errors:
        raise UserErrors(errors, {"inventoryAdjustmentGroup": None})
    for item in items.values():
        item["updatedAt"] = stamp(store.clock.tick())
        store.put("inventory_items", item, operation="inventorySetQuantities")
    return {"inventoryAdjustmentGroup": _group(store, given, changes)}


def _group(store: Store, given: dict[str, Any], changes: list[Record]) -> Record:
    now = store.clock.tick()
    return {
        "id": gid("InventoryAdjustmentGroup", now),
        "createdAt": stamp(now),
        "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"),
        "changes": changes,
    }


def _set_one(
    store: Store, items: dict[int, Record], line: dict[str, Any], given: dict[str, Any], version: str, place: int
) -> tuple[Record | None, dict[str, Any] | None]:
    where = ["input", "quantities", str(place)]
    number = number_of(line["inventoryItemId"])
    item = items.get(number) or store.get("inventory_items", line["inventoryItemId"])
    if item is None:
        message = "The specified inventory item could not be found."
        return None, user_error([*where, "inventoryItemId"], message, "INVALID_INVENTORY_ITEM")
    level = _level_at(item, line["locationId"])
    if level is None:
        message = "The specified location could not be found."
        return None, user_error([*where, "locationId"], message, "INVALID_LOCATION")
    if line["quantity"] < -1_000_000_000 or line["quantity"] > 1_000_000_000:
        return None, user_error([*where, "quantity"], "The quantity is out of range.", "INVALID_QUANTITY_TOO_HIGH")
    quantity = _quantity(level, given["name"])
    error = _stale(line, given, version, int(quantity["quantity"]), where)
    if error:
        return None, error
    items[number] = item
    before, quantity["quantity"] = int(quantity["quantity"]), line["quantity"]
    quantity["updatedAt"] = level["updatedAt"] = stamp(store.clock.tick())
    return {
        "name": given["name"],
        "delta": line["quantity"] - before,
        "quantityAfterChange": line["quantity"],
        "item": {"id": item["id"]},
        "location": {"id": level["location"]["id"]},
    }, None


def _level_at(item: Record, location_id: str) -> Record | None:
    wanted = number_of(location_id)
    levels = (level for level in item.get("inventoryLevels") or () if number_of(level["location"]["id"]) == wanted)
    return next(levels, None)


def _quantity(level: Record, name: str) -> Record:
    for quantity in level.setdefault("quantities", []):
        if quantity["name"] == name:
            return quantity  # type: ignore[no-any-return]
    level["quantities"].append({"name": name, "quantity": 0})
    return level["quantities"][-1]  # type: ignore[no-any-return]


def _stale(
    line: dict[str, Any], given: dict[str, Any], version: str, present: int, where: list[str]
) -> dict[str, Any] | None:
    """From 2026-04 every line says what it changes from, if only `null`; before, `compareQuantity` did that."""
    if version >= _CAS_SINCE:
        if "changeFromQuantity" not in line:
            message = "The changeFromQuantity argument must be given, though it may be null."
            return user_error([*where, "changeFromQuantity"], message, "CHANGE_FROM_QUANTITY_REQUIRED")
        expected, field, code = line["changeFromQuantity"], "changeFromQuantity", "CHANGE_FROM_QUANTITY_STALE"
    else:
        expected, field, code = line.get("compareQuantity"), "compareQuantity", "COMPARE_QUANTITY_STALE"
        if given.get("ignoreCompareQuantity"):
            return None
        if expected is None:
            message = "The compareQuantity argument must be given to each quantity or ignored using ignoreCompareQuantity."
            return user_error(["input", "ignoreCompareQuantity"], message, "COMPARE_QUANTITY_REQUIRED")
    if expected is None or expected == present:
        return None
    return user_error([*where, field], "The quantity has changed since it was read.", code)


def update_order(store: Store, arguments: dict[str, Any], version: str) -> dict[str, Any]:
    """Changes what may be changed of an order: note, e-mail, phone, tags."""
    given = arguments["input"]
    order = store.get("orders", given["id"])
    if order is None or collection_of(given["id"]) != "orders":
        raise UserErrors([user_error(["id"], "Order does not exist")])
    order |= {name: given[name] for name in _ORDER_FIELDS if name in given}
    order["updatedAt"] = stamp(store.clock.tick())
    store.put("orders", order, operation="orderUpdate")
    return {"order": order}
