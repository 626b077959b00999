"""The world as the wholesale department's host holds it: companies, and orders that no other system took.

A sales force takes these orders; they have numbers of their own and never pass through the shop. The host sends
what changed once a week, and every customer with the newest run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from sandbox.world.catalog import Product, make_product
from sandbox.world.customers import Customer, make_customer, make_customers
from sandbox.world.draw import OPENING, Settings, moment_between, random_for
from sandbox.world.notation import write_name, write_phone

Neutral = dict[str, Any]
FIRST_ORDER, FEWEST_ORDERS, FEWEST_REQUESTS = 700_001, 60, 24
NOT_ON_HOST = range(470, 480)
BETWEEN_RUNS = timedelta(days=7)
BEFORE_MIDNIGHT = timedelta(minutes=55)
ANSWERED_AFTER = timedelta(hours=4)
SALES_FORCE = ("BECKER", "LINDNER", "ROTH", "WAGNER")
DISCOUNT = Decimal("0.80")


@dataclass(frozen=True, slots=True)
class WholesaleLine:
    """One article of an order, at the wholesale price."""

    product: Product
    quantity: int
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        """What the line costs."""
        return self.quantity * self.unit_price


@dataclass(frozen=True, slots=True)
class WholesaleOrder:
    """One true order of a company, taken by the sales force."""

    index: int
    customer: Customer
    lines: tuple[WholesaleLine, ...]
    ordered_at: datetime
    status: str
    is_deleted: bool

    @property
    def number(self) -> int:
        """The number that the host gave it."""
        return FIRST_ORDER + self.index

    @property
    def total_amount(self) -> Decimal:
        """What the company owes."""
        return sum((line.amount for line in self.lines), Decimal(0))


def customer_number(customer: Customer) -> int:
    """The host's number of a company: the ERP's code without its letter."""
    return int(customer.code[1:])


def is_on_host(customer: Customer) -> bool:
    """Companies buy wholesale; a few have not been taken up yet."""
    return customer.kind == "company" and customer.slot not in NOT_ON_HOST


@lru_cache(maxsize=4)
def _first_on_host(settings: Settings) -> int:
    return next(customer.index for customer in make_customers(settings) if is_on_host(customer))


def _pick_company(settings: Settings, index: int) -> Customer:
    """A company that the host knows, near a number drawn by chance."""
    drawn = int(random_for(settings, "ibm_i-customer", index).random() * settings.customers)
    for step in range(50):
        customer = make_customer(settings, (drawn + step) % settings.customers)
        if is_on_host(customer):
            return customer
    return make_customer(settings, _first_on_host(settings))


def _draw_lines(settings: Settings, index: int) -> tuple[WholesaleLine, ...]:
    """One to five different articles, by the dozen."""
    random, chosen = random_for(settings, "ibm_i-lines", index), dict[int, WholesaleLine]()
    for _ in range(1 + int(random.random() * 5)):
        product = make_product(settings, int(random.random() * settings.products))
        price = (product.price * DISCOUNT).quantize(Decimal("0.01"), ROUND_HALF_UP)
        chosen.setdefault(product.index, WholesaleLine(product, 12 * (1 + int(random.random() * 6)), price))
    return tuple(chosen.values())


def _last_run(settings: Settings) -> datetime:
    return settings.as_of - BEFORE_MIDNIGHT


def count_orders(settings: Settings) -> int:
    """Half as many as the shop has, and never few."""
    return max(FEWEST_ORDERS, settings.orders // 2)


def make_wholesale_order(settings: Settings, index: int) -> WholesaleOrder:
    """Order number `index`, from the seed alone; numbers ascend with time."""
    random = random_for(settings, "ibm_i-order", index)
    first = settings.begins_at + OPENING + timedelta(days=1)
    span = (_last_run(settings) - first) / count_orders(settings)
    ordered_at = (first + span * (index + random.random())).replace(microsecond=0)
    luck = random.random()
    is_deleted = luck < 0.03
    is_old = settings.as_of - ordered_at > timedelta(days=10)
    status = "C" if is_deleted else "S" if is_old and luck < 0.9 else "N"
    return WholesaleOrder(
        index, _pick_company(settings, index), _draw_lines(settings, index), ordered_at, status, is_deleted
    )


def make_wholesale_orders(settings: Settings) -> Iterator[WholesaleOrder]:
    """All of them, in the order of their numbers."""
    return (make_wholesale_order(settings, index) for index in range(count_orders(settings)))


def run_of(settings: Settings, moment: datetime) -> tuple[int, datetime]:
    """Number and time of the run that tells of what happened at a moment."""
    last = _last_run(settings)
    runs = int((last - settings.begins_at) / BETWEEN_RUNS)
    back = min(int((last - moment) / BETWEEN_RUNS), runs)
    return runs - back + 1, last - back * BETWEEN_RUNS


def write_time(moment: datetime) -> str:
    """UTC; the host writes its own time."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _line(line: WholesaleLine) -> Neutral:
    return {
        "sku": line.product.sku,
        "quantity": str(line.quantity),
        "unit_price": str(line.unit_price),
        "amount": str(line.amount),
    }


def customers(settings: Settings) -> Iterator[Neutral]:
    """Every company, as the newest run lists it."""
    number, made_at = run_of(settings, _last_run(settings))
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
            "changed_at": write_time(moment_between(random, customer.created_at, _last_run(settings))),
            "is_deleted": False,
            "run_number": number,
            "run_at": write_time(made_at),
        }


def orders(settings: Settings) -> Iterator[Neutral]:
    """Every order in the run that told of it."""
    for order in make_wholesale_orders(settings):
        number, made_at = run_of(settings, order.ordered_at)
        yield {
            "order_number": order.number,
            "customer_number": customer_number(order.customer),
            "customer_reference": f"PO-{order.customer.index}-{order.index}",
            "ordered_at": write_time(order.ordered_at),
            "requested_on": _day_after(order.ordered_at, 14) if order.index % 5 else None,
            "status": order.status,
            "currency_code": "EUR",
            "total_amount": str(order.total_amount),
            "sales_representative": SALES_FORCE[order.index % len(SALES_FORCE)],
            "is_deleted": order.is_deleted,
            "lines": [_line(line) for line in order.lines],
            "run_number": number,
            "run_at": write_time(made_at),
        }


def _day_after(moment: datetime, days: int) -> str:
    day: date = moment.date() + timedelta(days=days)
    return day.isoformat()


def acknowledgements(settings: Settings) -> Iterator[Neutral]:
    """What the hub answered so far: every order but those of the two newest runs, a few of them refused."""
    newest = run_of(settings, _last_run(settings))[0]
    for order in make_wholesale_orders(settings):
        number, made_at = run_of(settings, order.ordered_at)
        if number > newest - 2:
            continue
        is_refused = order.index % 17 == 3
        yield {
            "order_number": order.number,
            "acknowledgement_status": "RJ" if is_refused else "AC",
            "crm_order_number": None if is_refused else f"CRM{order.number}",
            "reason": "article not listed" if is_refused else None,
            "run_number": number,
            "run_at": write_time(made_at + ANSWERED_AFTER),
        }


def order_requests(settings: Settings) -> Iterator[Neutral]:
    """Orders that the hub handed to the host so far."""
    for index in range(FEWEST_REQUESTS):
        moment = settings.begins_at + OPENING + timedelta(days=2) * index
        number, made_at = run_of(settings, moment)
        lines = _draw_lines(settings, -1 - index)
        yield {
            "reference": f"REQ-{index + 1:06d}",
            "customer_number": customer_number(_pick_company(settings, -1 - index)),
            "ordered_on": moment.date().isoformat(),
            "currency_code": "EUR",
            "total_amount": str(sum((line.amount for line in lines), Decimal(0))),
            "lines": [_line(line) for line in lines],
            "run_number": number,
            "run_at": write_time(made_at),
        }


RESOURCES = {
    "customers": customers,
    "orders": orders,
    "acknowledgements": acknowledgements,
    "order_requests": order_requests,
}
