"""Fields that the stored record does not hold as such: references, nested connections, and derived values."""

from collections.abc import Callable
from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.shopify.collections import collection_of, email_of, number_of, phone_of
from sandbox.vendors.shopify.fulfillments import fulfillments_of
from sandbox.vendors.shopify.metafields import metafield
from sandbox.vendors.shopify.projector import FieldContext, FieldMaker, Project, Slice


def reference(context: FieldContext) -> Project:
    """Another record: the copy of it inside this one where that is enough, else looked up."""
    child, store, name = context.child, context.store, context.name
    assert child is not None
    wanted = child.names - {"__typename"}

    def project(record: Record) -> Any:
        inside = record.get(name)
        if inside is None:
            return None
        if not wanted <= inside.keys():
            inside = _looked_up(store, inside["id"])
        return None if inside is None else child.project(inside)

    return project


def _looked_up(store: Store, gid: str) -> Record | None:
    collection = collection_of(gid)
    return store.get(collection, gid) if collection else None


def found_by(collection: str, lookup: str, value_of: Callable[[Record], Any]) -> FieldMaker:
    """The first record of a collection that has a value of this one."""

    def make(context: FieldContext) -> Project:
        child, store = context.child, context.store
        assert child is not None

        def project(record: Record) -> Any:
            keys = store.find(collection, lookup, value_of(record))
            found = store.get_by_key(collection, keys[0]) if keys else None
            return child.project(found) if found else None

        return project

    return make


def nested(items_of: Callable[[Store, Record], list[Record]]) -> FieldMaker:
    """A connection inside a record, paged by position."""

    def make(context: FieldContext) -> Project:
        child, store = context.child, context.store
        assert child is not None
        first = int(context.arguments["first"])
        start = _position(context.arguments.get("after"))

        def project(record: Record) -> Any:
            items = items_of(store, record)
            part = items[start : start + first]
            cursors = [str(start + number + 1) for number in range(len(part))]
            return child.project(Slice(part, cursors, len(items) > start + first, start > 0))

        return project

    return make


def _position(cursor: str | None) -> int:
    return int(cursor) if cursor and cursor.isdecimal() else 0


def derived(value_of: Callable[[Record], Any]) -> FieldMaker:
    """A value computed from the record."""

    def make(context: FieldContext) -> Project:
        child = context.child
        if child is None:
            return value_of
        project = child.project

        def project_derived(record: Record) -> Any:
            value = value_of(record)
            if isinstance(value, list):
                return [project(item) for item in value]
            return None if value is None else project(value)

        return project_derived

    return make


def _either(name: str, other: str) -> FieldMaker:
    return derived(lambda record: record.get(name) if record.get(name) is not None else record.get(other))


def _default(name: str, *, value: Any) -> FieldMaker:
    return derived(lambda record: record.get(name, value))


def _first(name: str) -> FieldMaker:
    """The first items of a list inside the record, as many as the query asks for."""

    def make(context: FieldContext) -> Project:
        child, most = context.child, context.arguments.get("first")
        assert child is not None
        return lambda record: [child.project(item) for item in (record.get(name) or [])[:most]]

    return make


def _quantities(context: FieldContext) -> Project:
    child, names = context.child, context.arguments["names"]
    assert child is not None

    def project(level: Record) -> list[Any]:
        by_name = {quantity["name"]: quantity for quantity in level.get("quantities") or ()}
        return [child.project(by_name.get(name) or {"name": name, "quantity": 0}) for name in names]

    return project


def _level(context: FieldContext) -> Project:
    child, wanted = context.child, number_of(str(context.arguments["locationId"]))
    assert child is not None

    def project(item: Record) -> Any:
        for level in item.get("inventoryLevels") or ():
            if number_of(level["location"]["id"]) == wanted:
                return child.project(level)
        return None

    return project


def available_of(item: Record) -> int:
    """The available quantity of an item, over all locations."""
    quantities = [q for level in item.get("inventoryLevels") or () for q in level.get("quantities") or ()]
    return sum(int(quantity["quantity"]) for quantity in quantities if quantity["name"] == "available")


def _inventory_quantity(context: FieldContext) -> Project:
    def project(variant: Record) -> int | None:
        item = _looked_up(context.store, (variant.get("inventoryItem") or {}).get("id") or "")
        return available_of(item) if item else None

    return project


def _variants_of(store: Store, product: Record) -> list[Record]:
    found = (
        store.get_by_key("product_variants", key)
        for key in store.find("product_variants", "product", product["id"])
    )
    return [variant for variant in found if variant]


def _display_name(customer: Record) -> str:
    name = " ".join(part for part in (customer.get("firstName"), customer.get("lastName")) if part)
    return name or email_of(customer) or phone_of(customer) or ""


SPECIAL: dict[tuple[str, str], FieldMaker] = {
    ("*", "legacyResourceId"): derived(lambda record: str(number_of(record["id"]))),
    ("*", "tags"): derived(lambda record: record.get("tags") or []),
    ("Customer", "email"): derived(email_of),
    ("Customer", "metafield"): metafield,
    ("Customer", "phone"): derived(phone_of),
    ("Customer", "displayName"): derived(_display_name),
    ("Customer", "addresses"): derived(
        lambda record: [
            *([record["defaultAddress"]] if record.get("defaultAddress") else []),
            *record.get("otherAddresses", []),
        ]
    ),
    ("Product", "variants"): nested(_variants_of),
    ("ProductVariant", "product"): reference,
    ("ProductVariant", "inventoryItem"): reference,
    ("ProductVariant", "inventoryQuantity"): _inventory_quantity,
    ("ProductVariant", "displayName"): _either("displayName", "title"),
    ("InventoryItem", "variant"): found_by("product_variants", "inventory_item", lambda record: record["id"]),
    ("InventoryItem", "tracked"): _default("tracked", value=True),
    ("InventoryItem", "inventoryLevel"): _level,
    ("InventoryItem", "inventoryLevels"): nested(lambda store, record: record.get("inventoryLevels") or []),
    ("InventoryLevel", "quantities"): _quantities,
    ("InventoryLevel", "location"): reference,
    ("InventoryLevel", "item"): found_by("inventory_items", "sku", lambda record: record.get("sku")),
    ("InventoryChange", "item"): reference,
    ("InventoryChange", "location"): reference,
    ("Order", "customer"): reference,
    ("Order", "lineItems"): nested(lambda store, record: record.get("lineItems") or []),
    ("Order", "refunds"): _first("refunds"),
    ("Order", "fulfillments"): _first("fulfillments"),
    ("FulfillmentOrder", "order"): found_by("orders", "name", lambda record: record["orderName"]),
    ("FulfillmentOrder", "fulfillments"): nested(fulfillments_of),
    ("Fulfillment", "trackingInfo"): _first("trackingInfo"),
    ("Fulfillment", "fulfillmentLineItems"): nested(
        lambda store, record: record.get("fulfillmentLineItems") or []
    ),
    ("Order", "test"): _default("test", value=False),
    ("Order", "processedAt"): _either("processedAt", "createdAt"),
    ("Order", "presentmentCurrencyCode"): _either("presentmentCurrencyCode", "currencyCode"),
    ("Order", "currentTotalPriceSet"): _either("currentTotalPriceSet", "totalPriceSet"),
    ("LineItem", "currentQuantity"): _either("currentQuantity", "quantity"),
    ("LineItem", "discountedUnitPriceSet"): _either("discountedUnitPriceSet", "originalUnitPriceSet"),
    ("LineItem", "variant"): found_by("product_variants", "sku", lambda record: record.get("sku")),
    ("MoneyBag", "presentmentMoney"): _either("presentmentMoney", "shopMoney"),
    ("Location", "isActive"): _default("isActive", value=True),
}
