"""The records that the ERP has of the world, as dictionaries for `sandbox/vendors/tryton/load.py`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.world.catalog import Product, make_products
from sandbox.world.customers import make_customers
from sandbox.world.draw import Settings, random_for
from sandbox.world.notation import write_email, write_name, write_phone
from sandbox.world.orders import Order, make_orders
from sandbox.world.records import ERP, Held, make_records
from sandbox.world.systems import ADDRESS, REACH, SystemTruth

Neutral = dict[str, Any]


def write_time(moment: datetime) -> str:
    """Naive UTC, as Tryton's own columns hold it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def party_code(index: int, copy: int) -> str:
    """The code of a party; that of a stranger begins with X."""
    return f"{'X' if copy else 'P'}{index + 10001}"


def _party(settings: Settings, index: int, held: Held) -> Neutral:
    random = random_for(settings, f"tryton-{held.copy}", index)
    mechanisms = []
    if held.email:
        mechanisms.append({"type": "email", "value": write_email(random, held.email, spaces=False)})
    if held.phone:
        kind = "mobile" if held.country_code == "IT" else "phone"
        mechanisms.append({"type": kind, "value": write_phone(random, held.phone, held.country_code)})
    return {
        "code": party_code(index, held.copy),
        "name": write_name(random, held.name),
        "active": not held.is_gone,
        "addresses": [
            {
                "street": held.street,
                "city": held.city,
                "postal_code": held.postal_code,
                "country_code": held.country_code,
            }
        ],
        "contact_mechanisms": mechanisms,
        "created_at": write_time(held.created_at),
        "updated_at": write_time(held.updated_at),
    }


def parties(settings: Settings) -> Iterator[Neutral]:
    """Parties with their address and contact mechanisms."""
    for customer in make_customers(settings):
        for held in make_records(settings, customer):
            if held.system == ERP:
                yield _party(settings, customer.index, held)


def _product(product: Product) -> Neutral:
    return {
        "code": product.sku,
        "name": product.name,
        "list_price": str(product.price),
        "stock": product.stock,
        "created_at": write_time(product.created_at),
        "updated_at": write_time(product.updated_at),
    }


def products(settings: Settings) -> Iterator[Neutral]:
    """Products with list price and stock on hand."""
    return (_product(product) for product in make_products(settings))


def _sale(order: Order) -> Neutral:
    return {
        "reference": order.number,
        "party_code": party_code(order.customer_index, 0),
        "state": order.state,
        "currency": "EUR",
        "sale_date": order.created_at.date().isoformat(),
        "total_amount": str(order.total_amount),
        "lines": [
            {"sku": line.product.sku, "quantity": line.quantity, "unit_price": str(line.unit_price)}
            for line in order.lines
        ],
        "created_at": write_time(order.created_at),
        "updated_at": write_time(order.updated_at),
    }


def sales(settings: Settings) -> Iterator[Neutral]:
    """Sales of the orders that reached the ERP."""
    return (_sale(order) for order in make_orders(settings) if order.in_erp)


def held_keys(held: Held, index: int) -> Iterator[str]:
    """The name of the record of a customer."""
    yield f"parties/{party_code(index, held.copy)}"


def product_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The code of each product, and the product."""
    return ((product.sku, product.world_id) for product in make_products(settings))


def sale_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The reference of each sale, and the order."""
    return ((order.number, order.world_id) for order in make_orders(settings) if order.in_erp)


RESOURCES = {
    "parties": parties,
    "products": products,
    "sales": sales,
}
TRUTH = SystemTruth(
    customers="parties",
    held=held_keys,
    live={"products": product_keys, "sales": sale_keys},
    writable={"parties": frozenset({"customer_name"}), "addresses": ADDRESS, "contact_mechanisms": REACH},
    owners={"addresses": "parties", "contact_mechanisms": "parties"},
)
