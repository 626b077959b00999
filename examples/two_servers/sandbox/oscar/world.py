"""The records that the shop has of the world: accounts of customers, articles with their stock, and orders.

Customers who are in the books log in by their number there. Some addresses are none, some articles have an old
name, an old price or an old stock.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.world import slots
from sandbox.world.catalog import Product, make_products
from sandbox.world.customers import make_customers
from sandbox.world.draw import Settings, random_for
from sandbox.world.orders import Order, make_orders
from sandbox.world.records import SHOP, Held, make_records
from sandbox.world.systems import SystemTruth

_FIRST_USER, _OLD_NAME_SHARE = 1001, 0.05
Record = dict[str, Any]


def user_id(index: int) -> str:
    """The id of a customer's account."""
    return str(_FIRST_USER + index)


def product_id(product: Product) -> str:
    """The id of an article."""
    return str(1 + product.index)


def _accounts(settings: Settings) -> Iterator[tuple[int, str, Held]]:
    """Index and login of each customer of the shop, and what the shop knows of the customer."""
    for customer in make_customers(settings):
        name = f"web-{customer.index}" if customer.slot in slots.NOT_IN_ERP else customer.code
        for held in make_records(settings, customer):
            if held.system == SHOP and not held.copy:
                yield customer.index, name, held


def users(settings: Settings) -> Iterator[Record]:
    """The accounts; a second one of the same customer cannot be told from the first, and is left out."""
    for index, name, held in _accounts(settings):
        yield {
            "id": user_id(index),
            "username": name,
            "email": held.email or "",
            "first_name": held.first_name,
            "last_name": held.last_name,
            "date_joined": held.created_at.isoformat(),
        }


def user_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each account, and the customer."""
    return ((user_id(index), f"customer-{index}") for index, _, _ in _accounts(settings))


def broken_users(settings: Settings) -> Iterator[tuple[str, str]]:
    """The accounts whose address is none."""
    return ((f"users/{user_id(index)}", "bad_email") for index, _, held in _accounts(settings) if held.is_broken)


def _article(settings: Settings, product: Product) -> Record:
    is_old = random_for(settings, "oscar-title", product.index).random() < _OLD_NAME_SHARE
    return {
        "id": product_id(product),
        "upc": product.shop_sku,
        "title": f"{product.name} (old)" if is_old else product.name,
        "price": str(product.price if product.is_broken else product.shop_price),
        "num_in_stock": product.shop_stock,
        "date_created": product.created_at.isoformat(),
        "date_updated": product.updated_at.isoformat(),
    }


def products(settings: Settings) -> Iterator[Record]:
    """The articles, each with its stock record."""
    return (_article(settings, product) for product in make_products(settings) if product.in_shop)


def product_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each article, and the product."""
    return ((product_id(product), product.world_id) for product in make_products(settings) if product.in_shop)


def _order(order: Order) -> Record:
    return {
        "number": order.number.removeprefix("#"),
        "user": user_id(order.customer_index),
        "currency": "EUR",
        "total": str(order.total_amount),
        "status": order.state,
        "date_placed": order.created_at.isoformat(),
        "lines": [
            {"upc": line.product.shop_sku, "quantity": line.quantity, "price": str(line.unit_price)}
            for line in order.lines
        ],
    }


def orders(settings: Settings) -> Iterator[Record]:
    """The orders of customers; tests are made elsewhere."""
    return (_order(order) for order in make_orders(settings) if not order.is_test)


def read_user(record: Mapping[str, Any]) -> tuple[str, Record]:
    """The key of an account, and its fields under the names of the world."""
    return record["id"], {name: record[name] for name in ("email", "first_name", "last_name")}


def read_product(record: Mapping[str, Any]) -> tuple[str, Record]:
    """The key of an article, and its fields under the names of the world."""
    fields = {"name": record["title"], "price": float(record["price"]), "stock": int(record["num_in_stock"])}
    return record["id"], {**fields, "upc": record["upc"]}


RESOURCES = {"users": users, "products": products, "orders": orders}
TRUTH = SystemTruth(
    customers="users",
    live={"users": user_keys, "products": product_keys},
    writable={"products": frozenset({"name", "price", "stock"})},
    unreadable=broken_users,
    flat={"users": read_user, "products": read_product},
)
