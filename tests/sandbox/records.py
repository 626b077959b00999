"""A few plain records for each vendor, small enough to count by hand."""

from collections.abc import Callable
from typing import Any

Rows = dict[str, list[dict[str, Any]]]
LOCATION = "gid://shopify/Location/1"
CUSTOMER_PAGE = """query($first: Int!, $after: String) {
  customers(first: $first, after: $after, sortKey: UPDATED_AT) {
    nodes { id updatedAt note } pageInfo { hasNextPage endCursor } } }"""


def customer(number: int) -> str:
    return f"gid://shopify/Customer/{number}"


def item(number: int) -> str:
    return f"gid://shopify/InventoryItem/{number}"


def account(number: int) -> str:
    return f"001Hs{number:010d}IAA"


def _money(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "EUR"}}


def _shop_customer(number: int) -> dict[str, Any]:
    return {
        "id": customer(number),
        "firstName": "Ada",
        "lastName": f"Lovelace {number}",
        "defaultEmailAddress": {"emailAddress": f"ada{number}@example.com"},
        "defaultPhoneNumber": {"phoneNumber": f"+4930000{number:04d}"},
        "defaultAddress": {
            "company": "Engines",
            "address1": "Weg 1",
            "city": "Bonn",
            "zip": "53111",
            "countryCodeV2": "DE",
        },
        "note": None,
        "createdAt": "2026-10-01T00:00:00Z",
        "updatedAt": f"2026-11-{number:02d}T12:00:00Z",
    }


def _variant(number: int) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/ProductVariant/{number}",
        "sku": f"SKU-{number}",
        "price": "9.90",
        "title": "Default",
        "product": {"id": f"gid://shopify/Product/{number}", "title": f"Article {number}", "status": "ACTIVE"},
        "inventoryItem": {"id": item(number)},
        "updatedAt": "2026-11-01T00:00:00Z",
    }


def _product(number: int) -> dict[str, Any]:
    return {**_variant(number)["product"], "updatedAt": "2026-11-01T00:00:00Z"}


def _item(number: int) -> dict[str, Any]:
    quantity = {"name": "available", "quantity": number * 10, "updatedAt": "2026-11-01T00:00:00Z"}
    level = {"location": {"id": LOCATION}, "quantities": [quantity]}
    return {
        "id": item(number),
        "sku": f"SKU-{number}",
        "updatedAt": "2026-11-01T00:00:00Z",
        "inventoryLevel": level,
    }


def _fulfillment_order(number: int) -> dict[str, Any]:
    named = {"orderId": f"gid://shopify/Order/{number}", "orderName": f"#{1000 + number}"}
    stamp = "2026-11-02T00:00:00Z"
    return {
        "id": f"gid://shopify/FulfillmentOrder/{number}",
        **named,
        "status": "OPEN",
        "createdAt": stamp,
        "updatedAt": stamp,
    }


def _shop_order(number: int) -> dict[str, Any]:
    lines = [
        {
            "id": f"gid://shopify/LineItem/{number}{place}",
            "sku": f"SKU-{place}",
            "quantity": place,
            "originalUnitPriceSet": _money("9.9"),
        }
        for place in (1, 2, 3)
    ]
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{1000 + number}",
        "createdAt": "2026-11-02T00:00:00Z",
        "updatedAt": "2026-11-02T00:00:00Z",
        "cancelledAt": None,
        "test": number == 3,
        "currencyCode": "EUR",
        "totalPriceSet": _money("59.4"),
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "FULFILLED",
        "customer": {"id": customer(number)},
        "email": f"ada{number}@example.com",
        "lineItems": lines,
    }


def shop() -> Rows:
    """Twelve customers, four products with stock, three orders of three lines."""
    return {
        "customers": [_shop_customer(number) for number in range(1, 13)],
        "product_variants": [_variant(number) for number in range(1, 5)],
        "products": [_product(number) for number in range(1, 5)],
        "inventory_items": [_item(number) for number in range(1, 5)],
        "locations": [{"id": LOCATION, "name": "Warehouse"}],
        "orders": [_shop_order(number) for number in range(1, 4)],
        "fulfillment_orders": [_fulfillment_order(number) for number in range(1, 4)],
    }


def _stamped(record: dict[str, Any], day: int) -> dict[str, Any]:
    stamp = f"2026-11-{day:02d}T12:00:00.000+0000"
    return {
        **record,
        "IsDeleted": day == 7,
        "CreatedDate": "2026-10-01T00:00:00.000+0000",
        "SystemModstamp": stamp,
    }


def _account(number: int) -> dict[str, Any]:
    return _stamped(
        {"Id": account(number), "Name": f"Engines {number}", "Type": "Business", "Concord_Id__c": None}, number
    )


def _contact(number: int) -> dict[str, Any]:
    record = {"Id": f"003Hs{number:010d}IAA", "AccountId": account(number), "LastName": f"Lovelace {number}"}
    return _stamped({**record, "FirstName": "Ada", "Email": f"ada{number}@example.com"}, number)


def _crm_order(number: int) -> dict[str, Any]:
    record = {"Id": f"801Hs{number:010d}IAA", "AccountId": account(number), "Shop_Order__c": f"#{1000 + number}"}
    return _stamped({**record, "Status": "Draft", "TotalAmount": 59.4, "EffectiveDate": "2026-11-02"}, number)


def crm() -> Rows:
    """Seven accounts of which the last is deleted, with a contact each; three orders."""
    return {
        "Account": [_account(number) for number in range(1, 8)],
        "Contact": [_contact(number) for number in range(1, 8)],
        "Order": [_crm_order(number) for number in range(1, 4)],
    }


OF: dict[str, Callable[[], Rows]] = {"shopify": shop, "salesforce": crm}
