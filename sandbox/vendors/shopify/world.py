"""The records that the shop has of the world: nodes of Shopify's Admin GraphQL API."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.world.catalog import Product, make_products
from sandbox.world.commerce import Shipment, shipment_of, shop_refund_of
from sandbox.world.customers import make_customers
from sandbox.world.deliveries import is_untold, shop_says
from sandbox.world.draw import Settings, random_for
from sandbox.world.notation import write_email, write_name
from sandbox.world.orders import Line, Order, make_order, make_orders
from sandbox.world.records import SHOP, Held, make_records
from sandbox.world.systems import ADDRESS, PERSON, REACH, SystemTruth

LOCATION = "gid://shopify/Location/1"
_CUSTOMER, _VARIANT, _ITEM = 6_100_000_000_000, 4_200_000_000_000, 4_300_000_000_000
_FULFILLMENT_ORDER = 6_600_000_000_000
Node = dict[str, Any]


def write_time(moment: datetime) -> str:
    """Shopify's ISO 8601 with Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def customer_id(index: int, copy: int) -> str:
    """Customer ids; a duplicate follows its original."""
    return f"gid://shopify/Customer/{_CUSTOMER + index * 10 + copy}"


def variant_id(index: int) -> str:
    """Variant ids."""
    return f"gid://shopify/ProductVariant/{_VARIANT + index}"


def item_id(index: int) -> str:
    """Inventory item ids."""
    return f"gid://shopify/InventoryItem/{_ITEM + index}"


def order_id(index: int) -> str:
    """Order ids."""
    return f"gid://shopify/Order/{5_500_000_000_000 + index}"


def fulfillment_order_id(index: int) -> str:
    """Fulfillment order ids; each order of the world has one."""
    return f"gid://shopify/FulfillmentOrder/{_FULFILLMENT_ORDER + index}"


def _customer_node(settings: Settings, index: int, held: Held) -> Node:
    random = random_for(settings, f"shopify-spelling-{held.copy}", index)
    email = held.email if held.is_broken or held.email is None else write_email(random, held.email, spaces=True)
    return {
        "id": customer_id(index, held.copy),
        "firstName": write_name(random, held.first_name),
        "lastName": write_name(random, held.last_name),
        "defaultEmailAddress": None if email is None else {"emailAddress": email},
        "defaultPhoneNumber": None if held.phone is None else {"phoneNumber": held.phone},
        "defaultAddress": {
            "company": held.company_name and write_name(random, held.company_name),
            "address1": held.street,
            "city": held.city,
            "zip": held.postal_code,
            "countryCodeV2": held.country_code,
        },
        "note": None,
        "createdAt": write_time(held.created_at),
        "updatedAt": write_time(held.updated_at),
    }


def customers(settings: Settings) -> Iterator[Node]:
    """Customer nodes."""
    for customer in make_customers(settings):
        for held in make_records(settings, customer):
            if held.system == SHOP:
                yield _customer_node(settings, customer.index, held)


def _variant_node(product: Product) -> Node:
    return {
        "id": variant_id(product.index),
        "sku": product.shop_sku,
        "price": str(product.shop_price),
        "title": "Default Title",
        "product": {
            "id": f"gid://shopify/Product/{4_100_000_000_000 + product.index}",
            "title": product.name,
            "status": "ACTIVE",
        },
        "inventoryItem": {"id": item_id(product.index)},
        "createdAt": write_time(product.created_at),
        "updatedAt": write_time(product.updated_at),
    }


def product_variants(settings: Settings) -> Iterator[Node]:
    """ProductVariant nodes."""
    return (_variant_node(product) for product in make_products(settings) if product.in_shop)


def _item_node(product: Product) -> Node:
    updated_at = write_time(product.updated_at)
    return {
        "id": item_id(product.index),
        "sku": product.shop_sku,
        "tracked": True,
        "createdAt": write_time(product.created_at),
        "updatedAt": updated_at,
        "inventoryLevel": {
            "id": f"gid://shopify/InventoryLevel/{4_400_000_000_000 + product.index}",
            "location": {"id": LOCATION},
            "quantities": [{"name": "available", "quantity": product.shop_stock, "updatedAt": updated_at}],
            "updatedAt": updated_at,
        },
    }


def inventory_items(settings: Settings) -> Iterator[Node]:
    """InventoryItem nodes with the level at our one location."""
    return (_item_node(product) for product in make_products(settings) if product.in_shop)


def _money(amount: Decimal) -> Node:
    return {"shopMoney": {"amount": str(amount), "currencyCode": "EUR"}}


def _line_node(order: Order, position: int, line: Line) -> Node:
    return {
        "id": f"gid://shopify/LineItem/{(13_000_000_000_000 + order.index) * 10 + position}",
        "sku": line.product.shop_sku,
        "quantity": 0 if order.zero_line and position == 0 else line.quantity,
        "originalUnitPriceSet": _money(line.unit_price),
    }


def _refunds(settings: Settings, order: Order) -> list[Node]:
    charge = shop_refund_of(settings, order)
    if charge is None or charge.refunded_at is None:
        return []
    number = 9_000_000_000_000 + order.index
    refund = {"id": f"gid://shopify/Refund/{number}", "createdAt": write_time(charge.refunded_at)}
    return [{**refund, "totalRefundedSet": _money(charge.refunded)}]


def _told_shipment(settings: Settings, order: Order) -> Shipment | None:
    return None if is_untold(settings, order) else shipment_of(settings, order)


def _fulfillments(settings: Settings, order: Order) -> list[Node]:
    shipment = _told_shipment(settings, order)
    if shipment is None:
        return []
    number, shipped_at = 7_000_000_000_000 + order.index, write_time(shipment.shipped_at)
    return [
        {
            "id": f"gid://shopify/Fulfillment/{number}",
            "name": f"{order.number}.1",
            "status": "SUCCESS",
            "displayStatus": shop_says(settings, shipment),
            "createdAt": shipped_at,
            "updatedAt": shipped_at,
            "trackingInfo": [{"company": "FedEx", "number": shipment.tracking_number}],
            "fulfillmentLineItems": [
                {
                    "id": f"gid://shopify/FulfillmentLineItem/{number * 10 + position}",
                    "quantity": line.quantity,
                    "lineItem": _line_node(order, position, line),
                }
                for position, line in enumerate(shipment.lines)
            ],
        }
    ]


def _is_shipped(settings: Settings, order: Order) -> bool:
    return order.state == "done" and not is_untold(settings, order)


def _order_node(settings: Settings, order: Order) -> Node:
    return {
        "id": order_id(order.index),
        "name": order.number,
        "createdAt": write_time(order.created_at),
        "updatedAt": write_time(order.updated_at),
        "cancelledAt": write_time(order.updated_at) if order.is_cancelled else None,
        "test": order.is_test,
        "currencyCode": "EUR",
        "totalPriceSet": _money(order.total_amount),
        "displayFinancialStatus": "VOIDED" if order.is_cancelled else "PAID",
        "displayFulfillmentStatus": "FULFILLED" if _is_shipped(settings, order) else "UNFULFILLED",
        "customer": {"id": customer_id(order.customer_index, 1 if order.is_by_duplicate else 0)},
        "email": None,
        "lineItems": [_line_node(order, position, line) for position, line in enumerate(order.lines)],
        "refunds": _refunds(settings, order),
        "fulfillments": _fulfillments(settings, order),
    }


def orders(settings: Settings) -> Iterator[Node]:
    """Order nodes with their lines as a list."""
    return (_order_node(settings, order) for order in make_orders(settings))


def _fulfillment_order_node(settings: Settings, order: Order) -> Node:
    shipment = _told_shipment(settings, order)
    status = "CLOSED" if shipment else "OPEN"
    if shipment and shipment.lines != order.lines:
        status = "IN_PROGRESS"
    return {
        "id": fulfillment_order_id(order.index),
        "orderId": order_id(order.index),
        "orderName": order.number,
        "status": "CANCELLED" if order.is_cancelled else status,
        "createdAt": write_time(order.created_at),
        "updatedAt": write_time(shipment.shipped_at if shipment else order.created_at),
    }


def fulfillment_orders(settings: Settings) -> Iterator[Node]:
    """FulfillmentOrder nodes: what is to be shipped from the one location for each order."""
    return (_fulfillment_order_node(settings, order) for order in make_orders(settings))


def held_keys(held: Held, index: int) -> Iterator[str]:
    """The name of the record of a customer."""
    yield f"customers/{customer_id(index, held.copy)}"


def variant_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each variant, and the product."""
    return ((variant_id(item.index), item.world_id) for item in make_products(settings) if item.in_shop)


def item_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each inventory item, and the product."""
    return ((item_id(item.index), item.world_id) for item in make_products(settings) if item.in_shop)


def order_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each order, and the order."""
    return ((order_id(order.index), order.world_id) for order in make_orders(settings))


def unreadable(settings: Settings) -> Iterator[tuple[str, str]]:
    """Variants with a price below zero, and orders with a line of nothing."""
    for product in make_products(settings):
        if product.in_shop and product.is_broken:
            yield f"product_variants/{variant_id(product.index)}", "negative_price"
    for order in make_orders(settings):
        if order.zero_line:
            yield f"orders/{order_id(order.index)}", "zero_quantity"


def place_in_parts(settings: Settings, resource: str, record: Node) -> int:
    """The number by which records are dealt out to several shops: an order goes with its customer."""
    number = int(str(record["id"]).rpartition("/")[2])
    match resource:
        case "customers":
            return (number - _CUSTOMER) // 10
        case "orders":
            return (int(str(record["customer"]["id"]).rpartition("/")[2]) - _CUSTOMER) // 10
        case "fulfillment_orders":
            return make_order(settings, number - _FULFILLMENT_ORDER).customer_index
        case "product_variants":
            return number - _VARIANT
        case _:
            return number - _ITEM


RESOURCES = {
    "customers": customers,
    "product_variants": product_variants,
    "inventory_items": inventory_items,
    "orders": orders,
    "fulfillment_orders": fulfillment_orders,
}
TRUTH = SystemTruth(
    customers="customers",
    held=held_keys,
    live={"product_variants": variant_keys, "inventory_items": item_keys, "orders": order_keys},
    writable={
        "customers": ADDRESS | PERSON | REACH | {"company_name"},
        "product_variants": frozenset({"price"}),
        "inventory_items": frozenset({"stock"}),
        "orders": frozenset({"carrier_name", "tracking_number", "delivery_status"}),
    },
    unreadable=unreadable,
)
