"""One landed record per resource with which every expectation is content, as the text that lands."""

from typing import Final

Row = dict[str, str | None]

_STAMP = "2026-11-01T08:00:00Z"
_SERVER_STAMP = "1793520000.12345"
_SHOP_LINES = '{"nodes": [{"sku": "LAM-1", "quantity": 2}], "pageInfo": {"hasNextPage": false}}'

GOOD: Final[dict[str, Row]] = {
    "shopify/customers": {
        "source_id": "gid://shopify/Customer/1",
        "email": " Ada@Example.com ",
        "phone": "(030) 123-4567",
        "country_code": "DE",
        "created_at": _STAMP,
        "updated_at": _STAMP,
    },
    "shopify/products": {
        "source_id": "gid://shopify/ProductVariant/1",
        "sku": "LAM-1",
        "price": "9.90",
        "product_status": "ACTIVE",
        "updated_at": _STAMP,
    },
    "shopify/inventory_levels": {
        "source_id": "gid://shopify/InventoryItem/1",
        "location_source_id": "gid://shopify/Location/1",
        "available_quantity": '[{"name": "available", "quantity": 5}]',
    },
    "shopify/orders": {
        "source_id": "gid://shopify/Order/1",
        "order_name": "#1001",
        "customer_source_id": "gid://shopify/Customer/1",
        "total_amount": "19.80",
        "currency_code": "EUR",
        "lines": _SHOP_LINES,
        "created_at": _STAMP,
        "cancelled_at": "2026-11-02T08:00:00Z",
        "updated_at": _STAMP,
    },
    "salesforce/accounts": {
        "source_id": "001Hs00000abcdeIAA",
        "account_name": "Nordlicht GmbH",
        "account_type": "Business",
        "country_name": "united kingdom",
        "updated_at": _STAMP,
    },
    "salesforce/contacts": {
        "source_id": "003Hs00000abcdeIAA",
        "account_source_id": "001Hs00000abcdeIAA",
        "email": "ada@example.com",
        "phone": "0049 30 1234567",
        "updated_at": _STAMP,
    },
    "salesforce/orders": {
        "source_id": "801Hs00000abcdeIAA",
        "order_status": "Draft",
        "total_amount": "19.8",
        "currency_code": "EUR",
        "effective_date": "2026-11-01",
        "updated_at": _STAMP,
    },
    "tryton/parties": {
        "source_id": "7",
        "party_name": "Ada Lovelace",
        "party_code": "P10001",
        "changed_at": _SERVER_STAMP,
    },
    "tryton/addresses": {
        "source_id": "7",
        "party_source_id": "7",
        "postal_code": "10115",
        "country_code": "DE",
        "changed_at": _SERVER_STAMP,
    },
    "tryton/contact_mechanisms": {
        "source_id": "7",
        "party_source_id": "7",
        "mechanism_type": "email",
        "mechanism_value": "ada@example.com",
        "changed_at": _SERVER_STAMP,
    },
    "tryton/products": {
        "source_id": "7",
        "sku": "LAM-1",
        "list_price": "9.90",
        "changed_at": _SERVER_STAMP,
    },
    "tryton/stock_levels": {"source_id": "7", "sku": "LAM-1", "on_hand_quantity": "5.0"},
    "tryton/sales": {
        "source_id": "7",
        "sale_state": "processing",
        "total_amount": "19.80",
        "currency_code": "EUR",
        "lines": '[{"product": 1, "quantity": 2.0}]',
        "changed_at": _SERVER_STAMP,
    },
    "hubspot/contacts": {
        "source_id": "120000000001",
        "email": "ada@example.com",
        "phone": "0049 30 1234567",
        "country_name": "Germany",
        "merged_source_ids": "120000000002;120000000003",
        "is_archived": "true",
        "archived_at": _STAMP,
        "updated_at": _STAMP,
    },
    "hubspot/companies": {
        "source_id": "210000000001",
        "company_name": "Nordlicht GmbH",
        "phone": "+49 30 1234567",
        "country_name": "CH",
        "merged_source_ids": "210000000002",
        "is_archived": "false",
        "updated_at": _STAMP,
    },
    "hubspot/deals": {
        "source_id": "310000000001",
        "deal_stage": "processed",
        "amount": "19.8",
        "currency_code": "EUR",
        "is_archived": "false",
        "updated_at": _STAMP,
    },
}
