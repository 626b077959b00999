"""The wholesale department's true orders, taken by a sales force, and what happened to each of them.

Its host sends them once a week, with numbers of its own; they never pass through the shop. Those of the two
newest runs are not acknowledged yet. In the other direction, the host is sent the shop orders of its companies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from sandbox.world import slots
from sandbox.world.catalog import Product, make_product
from sandbox.world.customers import Customer, make_customer, make_customers
from sandbox.world.draw import OPENING, Settings, random_for
from sandbox.world.orders import Order
from sandbox.world.records import CRM, ERP, is_present

FIRST_ORDER, FEWEST_ORDERS = 700_001, 60
NOT_ON_HOST = range(470, 480)
BETWEEN_RUNS = timedelta(days=7)
BEFORE_MIDNIGHT = timedelta(minutes=55)
DISCOUNT = Decimal("0.80")
OVERCHARGED = Decimal("10.00")


@dataclass(frozen=True, slots=True)
class WholesaleLine:
    """One article of an order, at the wholesale price."""

    product: Product
    quantity: int
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        """Price times quantity."""
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
        """The number that the host gave the order."""
        return FIRST_ORDER + self.index

    @property
    def total_amount(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))


def customer_number(customer: Customer) -> int:
    """The host's number of a company: the ERP's code without its letter."""
    return int(customer.code[1:])


def is_on_host(customer: Customer) -> bool:
    """Whether the host has the customer: it has all companies except a few."""
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


def last_run(settings: Settings) -> datetime:
    """When the host sent its newest files."""
    return settings.as_of - BEFORE_MIDNIGHT


def count_orders(settings: Settings) -> int:
    """Half as many as the shop has, and never few."""
    return max(FEWEST_ORDERS, settings.orders // 2)


def make_wholesale_order(settings: Settings, index: int) -> WholesaleOrder:
    """Order number `index`, from the seed alone; numbers ascend with time."""
    random = random_for(settings, "ibm_i-order", index)
    first = settings.begins_at + OPENING + timedelta(days=1)
    span = (last_run(settings) - first) / count_orders(settings)
    ordered_at = (first + span * (index + random.random())).replace(microsecond=0)
    luck = random.random()
    is_deleted = luck < 0.03
    is_old = settings.as_of - ordered_at > timedelta(days=10)
    status = "C" if is_deleted else "S" if is_old and luck < 0.9 else "N"
    return WholesaleOrder(
        index, _pick_company(settings, index), _draw_lines(settings, index), ordered_at, status, is_deleted
    )


def make_wholesale_orders(settings: Settings) -> Iterator[WholesaleOrder]:
    """All wholesale orders, in the order of their numbers."""
    return (make_wholesale_order(settings, index) for index in range(count_orders(settings)))


def run_of(settings: Settings, moment: datetime) -> tuple[int, datetime]:
    """Number and time of the run that sends what happened at a moment."""
    last = last_run(settings)
    runs = int((last - settings.begins_at) / BETWEEN_RUNS)
    back = min(int((last - moment) / BETWEEN_RUNS), runs)
    return runs - back + 1, last - back * BETWEEN_RUNS


def is_refused(order: WholesaleOrder) -> bool:
    """Whether Concord refused the order long ago."""
    return order.index % 17 == 3


def is_answered(settings: Settings, order: WholesaleOrder) -> bool:
    """Whether the order was acknowledged: not yet those of the two newest runs, nor those that had to wait.

    Orders that the host deleted, and those of a company that the CRM did not have, are not acknowledged.
    """
    newest, number = run_of(settings, last_run(settings))[0], run_of(settings, order.ordered_at)[0]
    is_known = is_present(order.customer.slot, CRM)
    return number <= newest - 2 and not order.is_deleted and (is_known or is_refused(order))


def purchase_number(order: WholesaleOrder) -> str:
    """The company's own number of the order."""
    return f"PO-{order.customer.index}-{order.index}"


def crm_number(order: WholesaleOrder) -> str:
    """The CRM's number of an accepted order."""
    return f"CRM{order.number}"


def is_in_crm(settings: Settings, order: WholesaleOrder) -> bool:
    """Whether the order is in the CRM: accepted ones are, except a few that were lost."""
    return is_answered(settings, order) and not is_refused(order) and order.index % 29 != 5


def crm_amount(order: WholesaleOrder) -> Decimal:
    """The amount in the CRM; a few are wrong."""
    return order.total_amount + (OVERCHARGED if order.index % 31 == 7 else 0)


def is_owed_to_crm(settings: Settings, order: WholesaleOrder) -> bool:
    """Whether a night has to create the order in the CRM, or to say why it waits: it is live and not refused."""
    is_standing_refusal = is_refused(order) and is_answered(settings, order)
    return not (order.is_deleted or is_standing_refusal or is_in_crm(settings, order))


def is_for_host(settings: Settings, order: Order) -> bool:
    """Whether this is a live order of the shop, of a company that the host knows by its number in the ERP."""
    customer = make_customer(settings, order.customer_index)
    is_live = not (order.is_test or order.is_cancelled or order.zero_line)
    is_readable = customer.slot not in slots.BROKEN_EMAIL
    return is_live and is_readable and is_on_host(customer) and is_present(customer.slot, ERP)


def is_handed_over(settings: Settings, order: Order) -> bool:
    """Whether the host was sent the order; it was not sent those of the newest week yet."""
    newest, number = run_of(settings, last_run(settings))[0], run_of(settings, order.created_at)[0]
    return is_for_host(settings, order) and number < newest
