"""The true orders and their states."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from sandbox.world import slots
from sandbox.world.catalog import Product, make_product, make_products
from sandbox.world.draw import BLOCK, OPENING, Settings, moment_between, random_for, slot_of
from sandbox.world.records import CRM, ERP, SHOP, is_present

_SLOT_SHIFT = 211
CRM_STATUS = {
    "draft": "Draft",
    "quotation": "Draft",
    "confirmed": "Activated",
    "processing": "Activated",
    "done": "Completed",
    "cancelled": "Cancelled",
}
_EARLIER_STATUS = {"quotation": "Draft", "processing": "Draft", "done": "Activated", "cancelled": "Activated"}


@dataclass(frozen=True, slots=True)
class Line:
    """One article of an order, at the price it was sold for."""

    product: Product
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """One true order; `state` is that of the ERP."""

    index: int
    customer_index: int
    is_by_duplicate: bool
    lines: tuple[Line, ...]
    created_at: datetime
    updated_at: datetime
    is_test: bool
    is_cancelled: bool
    state: str
    in_erp: bool
    in_crm: bool
    crm_status: str
    zero_line: bool

    @property
    def world_id(self) -> str:
        """The identity in the truth."""
        return f"order-{self.index}"

    @property
    def number(self) -> str:
        """The name that the shop gave the order, by which every system names it."""
        return f"#{1001 + self.index}"

    @property
    def total_amount(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.unit_price * line.quantity for line in self.lines), Decimal(0))

    @property
    def is_owed_to_erp(self) -> bool:
        """Whether a night has to create the order in the ERP: a real one, valid in the shop and missing there."""
        return not (self.in_erp or self.is_test or self.is_cancelled or self.zero_line)


def order_slot(settings: Settings, index: int) -> int:
    """The slot of an order; a customer of the same number has another slot."""
    return slot_of(settings, index + _SLOT_SHIFT)


def _pick_customer(settings: Settings, random: Random) -> tuple[int, int]:
    """A customer that the shop knows, and the slot of it."""
    index = int(random.random() * settings.customers)
    for _ in range(BLOCK):
        slot = slot_of(settings, index)
        if is_present(slot, SHOP):
            return index, slot
        index = (index + 1) % settings.customers
    raise ValueError("the shop knows no customer of this world: make the world larger")


def _draw_lines(settings: Settings, random: Random) -> tuple[Line, ...]:
    """One to four different articles that the shop sells."""
    chosen: dict[int, Line] = {}
    for _ in range(1 + int(random.random() * 4)):
        product = make_product(settings, int(random.random() * settings.products))
        quantity = 1 + int(random.random() * 5)
        if product.in_shop:
            chosen.setdefault(product.index, Line(product, quantity, product.price))
    if chosen:
        return tuple(chosen.values())
    first = next(product for product in make_products(settings) if product.in_shop)
    return (Line(first, 1, first.price),)


def _draw_state(settings: Settings, random: Random, created_at: datetime) -> str:
    """The state of an order; older orders are further."""
    age, luck = settings.as_of - created_at, random.random()
    if age < timedelta(days=3):
        return "quotation" if luck < 0.5 else "processing"
    return "done" if luck < min(0.9, age / timedelta(days=40)) else "processing"


def _draw_created_at(settings: Settings, random: Random, index: int) -> datetime:
    """Order numbers ascend with time, after the customers' opening days."""
    first = settings.begins_at + OPENING + timedelta(days=1)
    span = (settings.as_of - first) / max(settings.orders, 1)
    return (first + span * (index + random.random())).replace(microsecond=0)


def _reached_erp(slot: int, customer_slot: int) -> bool:
    if slot in slots.TEST_ORDER or slot in slots.CANCELLED_BEFORE_ERP or slot in slots.NEVER_REACHED_ERP:
        return False
    return is_present(customer_slot, ERP)


def make_order(settings: Settings, index: int) -> Order:
    """Order number `index`, from the seed alone."""
    random = random_for(settings, "order", index)
    slot = order_slot(settings, index)
    customer_index, customer_slot = _pick_customer(settings, random)
    created_at = _draw_created_at(settings, random, index)
    is_test, is_cancelled = slot in slots.TEST_ORDER, slot in slots.CANCELLED
    state = "cancelled" if is_cancelled else _draw_state(settings, random, created_at)
    # A broken shop record cannot be matched to a party, so its orders must not also be missing in the ERP.
    in_erp = _reached_erp(slot, customer_slot) or (
        slot in slots.NEVER_REACHED_ERP and customer_slot in slots.BROKEN_EMAIL
    )
    if not in_erp and not is_cancelled:
        state = "processing"
    is_stale = slot in slots.STALE_STATUS and in_erp
    zero_line = slot in slots.ZERO_QUANTITY
    return Order(
        index=index,
        customer_index=customer_index,
        is_by_duplicate=customer_slot in slots.SHOP_DUPLICATE and random.random() < 0.3,
        lines=_draw_lines(settings, random),
        created_at=created_at,
        updated_at=moment_between(random, created_at, settings.as_of),
        is_test=is_test,
        is_cancelled=is_cancelled,
        state=state,
        in_erp=in_erp and not (zero_line and index // BLOCK % 2 == 1),
        in_crm=not is_test and slot not in slots.NOT_IN_CRM_ORDER and is_present(customer_slot, CRM),
        crm_status=_EARLIER_STATUS[state] if is_stale else CRM_STATUS[state],
        zero_line=zero_line,
    )


def make_orders(settings: Settings) -> Iterator[Order]:
    """All orders, in the order of their numbers."""
    return (make_order(settings, index) for index in range(settings.orders))
