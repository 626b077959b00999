"""The records that the wholesale department's host has of the world: companies, orders, and what it was sent.

The host sends what changed once a week, and every customer with the newest run.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.world.customers import make_customer, make_customers
from sandbox.world.draw import Settings, moment_between, random_for
from sandbox.world.notation import write_name, write_phone
from sandbox.world.orders import make_orders
from sandbox.world.wholesale import (
    crm_number,
    customer_number,
    is_answered,
    is_handed_over,
    is_on_host,
    is_refused,
    last_run,
    make_wholesale_orders,
    purchase_number,
    run_of,
)

Neutral = dict[str, Any]
ANSWERED_AFTER = timedelta(hours=4)
SALES_FORCE = ("BECKER", "LINDNER", "ROTH", "WAGNER")


def write_time(moment: datetime) -> str:
    """A time in UTC; the host writes it in its own time zone."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _line(sku: str, quantity: int, unit_price: Decimal) -> Neutral:
    return {
        "sku": sku,
        "quantity": str(quantity),
        "unit_price": str(unit_price),
        "amount": str(quantity * unit_price),
    }


def customers(settings: Settings) -> Iterator[Neutral]:
    """Every company, in the newest run."""
    number, made_at = run_of(settings, last_run(settings))
    for customer in make_customers(settings):
        if not is_on_host(customer):
            continue
        random = random_for(settings, "ibm_i-company", customer.index)
        yield {
            "customer_number": customer_number(customer),
            "company_name": write_name(random, customer.name),
            "street": customer.street,
            "city": customer.city,
            "postal_code": customer.postal_code,
            "country_code": customer.country_code,
            "phone": write_phone(random, customer.phone, customer.country_code),
            "credit_limit": str(Decimal(1000 * (1 + int(random.random() * 50)))),
            "balance_due": str(Decimal(int(random.random() * 400_000) - 50_000).scaleb(-2)),
            "changed_at": write_time(moment_between(random, customer.created_at, last_run(settings))),
            "is_deleted": False,
            "run_number": number,
            "run_at": write_time(made_at),
        }


def orders(settings: Settings) -> Iterator[Neutral]:
    """Every order, in the run that sent it."""
    for order in make_wholesale_orders(settings):
        number, made_at = run_of(settings, order.ordered_at)
        yield {
            "order_number": order.number,
            "customer_number": customer_number(order.customer),
            "customer_reference": purchase_number(order),
            "ordered_at": write_time(order.ordered_at),
            "requested_on": _day_after(order.ordered_at, 14) if order.index % 5 else None,
            "status": order.status,
            "currency_code": "EUR",
            "total_amount": str(order.total_amount),
            "sales_representative": SALES_FORCE[order.index % len(SALES_FORCE)],
            "is_deleted": order.is_deleted,
            "lines": [_line(line.product.sku, line.quantity, line.unit_price) for line in order.lines],
            "run_number": number,
            "run_at": write_time(made_at),
        }


def _day_after(moment: datetime, days: int) -> str:
    day: date = moment.date() + timedelta(days=days)
    return day.isoformat()


def acknowledgements(settings: Settings) -> Iterator[Neutral]:
    """The acknowledgements that the host was sent so far."""
    for order in make_wholesale_orders(settings):
        if not is_answered(settings, order):
            continue
        number, made_at = run_of(settings, order.ordered_at)
        yield {
            "order_number": order.number,
            "acknowledgement_status": "RJ" if is_refused(order) else "AC",
            "crm_order_number": None if is_refused(order) else crm_number(order),
            "reason": "article not listed" if is_refused(order) else None,
            "run_number": number,
            "run_at": write_time(made_at + ANSWERED_AFTER),
        }


def order_requests(settings: Settings) -> Iterator[Neutral]:
    """The requests for orders of the shop that the host was sent so far."""
    for order in make_orders(settings):
        if not is_handed_over(settings, order):
            continue
        number, made_at = run_of(settings, order.created_at)
        yield {
            "reference": order.number,
            "customer_number": customer_number(make_customer(settings, order.customer_index)),
            "ordered_on": order.created_at.date().isoformat(),
            "currency_code": "EUR",
            "total_amount": str(order.total_amount),
            "lines": [_line(line.product.sku, line.quantity, line.unit_price) for line in order.lines],
            "run_number": number,
            "run_at": write_time(made_at + ANSWERED_AFTER),
        }


RESOURCES = {
    "customers": customers,
    "orders": orders,
    "acknowledgements": acknowledgements,
    "order_requests": order_requests,
}
