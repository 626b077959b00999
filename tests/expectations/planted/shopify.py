"""Good records of the shop as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import LATER, STAMP, RowFaults, Rows, TableFaults

_LINES = '{"nodes": [{"sku": "LAM-1", "quantity": 2}], "pageInfo": {"hasNextPage": false}}'
_BENT_LINES = '{"nodes": [{"quantity": %s}], "pageInfo": {"hasNextPage": %s}}'
_FULFILLED = (
    '{"nodes": [{"id": "gid://shopify/Fulfillment/1", "status": "SUCCESS", '
    '"trackingInfo": [{"company": "FedEx", "number": "794912345678"}]}]}'
)

GOOD: Final[Rows] = {
    "customers": {
        "source_id": "gid://shopify/Customer/1",
        "email": " Ada@Example.com ",
        "phone": "(030) 123-4567",
        "country_code": "DE",
        "created_at": STAMP,
        "updated_at": STAMP,
    },
    "products": {
        "source_id": "gid://shopify/ProductVariant/1",
        "sku": "LAM-1",
        "price": "9.90",
        "product_status": "ACTIVE",
        "updated_at": STAMP,
    },
    "inventory_levels": {
        "source_id": "gid://shopify/InventoryItem/1",
        "location_source_id": "gid://shopify/Location/1",
        "available_quantity": '[{"name": "available", "quantity": 5}]',
    },
    "orders": {
        "source_id": "gid://shopify/Order/1",
        "order_name": "#1001",
        "customer_source_id": "gid://shopify/Customer/1",
        "total_amount": "19.80",
        "currency_code": "EUR",
        "lines": _LINES,
        "created_at": STAMP,
        "cancelled_at": "2026-11-02T08:00:00Z",
        "updated_at": STAMP,
    },
    "fulfillment_orders": {
        "source_id": "gid://shopify/FulfillmentOrder/1",
        "order_source_id": "gid://shopify/Order/1",
        "order_name": "#1001",
        "fulfillment_order_status": "CLOSED",
        "fulfillment_source_id": _FULFILLED,
        "tracking_number": _FULFILLED,
        "updated_at": "2026-11-01T08:00:00Z",
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "customers": {
        "source_id is no Customer id": {"source_id": "gid://shopify/Order/1"},
        "email is no e-mail address": {"email": "n/a"},
        "phone is no phone number": {"phone": "call me"},
        "country_code is no country code": {"country_code": "Germany"},
        "created_at lies in the future": {"created_at": LATER},
    },
    "products": {
        "source_id is no ProductVariant id": {"source_id": "gid://shopify/Product/1"},
        "price is below 0": {"price": "-9.90"},
        "product_status is unknown": {"product_status": "SOLD"},
        "sku is blank": {"sku": "  "},
    },
    "inventory_levels": {
        "source_id is no InventoryItem id": {"source_id": "1"},
        "location_source_id is no Location id": {"location_source_id": "Berlin"},
        "available_quantity is out of all proportion": {"available_quantity": '[{"quantity": 99999999}]'},
    },
    "orders": {
        "source_id is no Order id": {"source_id": "gid://shopify/DraftOrder/1"},
        "customer_source_id is no Customer id": {"customer_source_id": "gid://shopify/Company/1"},
        "total_amount is below 0": {"total_amount": "-0.01"},
        "currency_code is no currency we trade in": {"currency_code": "EURO"},
        "an order line has no quantity above 0": {"lines": _BENT_LINES % ("0", "false")},
        "the order has more lines than were read": {"lines": _BENT_LINES % ("1", "true")},
        "created_at lies in the future": {"created_at": LATER, "cancelled_at": None},
        "cancelled_at lies before created_at": {"cancelled_at": "2026-10-01T00:00:00Z"},
    },
    "fulfillment_orders": {
        "source_id is no FulfillmentOrder id": {"source_id": "gid://shopify/Fulfillment/1"},
        "order_source_id is no Order id": {"order_source_id": "gid://shopify/DraftOrder/1"},
        "fulfillment_order_status is unknown": {"fulfillment_order_status": "LOST"},
        "a tracking number belongs to no fulfillment": {"fulfillment_source_id": None},
    },
}

TABLE_FAULTS: Final[TableFaults] = {
    "products": {"no product has a price": (20, {"price": "0"})},
}
