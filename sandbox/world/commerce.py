"""From order to cash: how each order was paid, invoiced and shipped, and the breaks that must be found.

The order's slot (`slots`) decides on its break, so an order has at most one, and then no peculiarity of the sale
itself. Amounts are in the order's currency, EUR, unless a break says otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sandbox.world import slots
from sandbox.world.draw import Settings, random_for
from sandbox.world.orders import Line, Order, make_orders, order_slot

_CENT = Decimal("0.01")
_FEE_SHARE, _FEE_FIXED = Decimal("0.014"), Decimal("0.25")
_PAYOUT_DAYS = 7
_UNKNOWN_FOR = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment of a customer; `copy` 1 is a second one by mistake. Fees are in the same currency."""

    order: Order
    copy: int
    amount: Decimal
    currency: str
    fee: Decimal
    refunded: Decimal
    created_at: datetime
    refunded_at: datetime | None
    paid_out_on: date | None


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill for an order; `copy` 1 is a second one by mistake."""

    order: Order
    copy: int
    amount: Decimal
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel with its number, its lines, and how far the carrier got with it.

    `status` is picked_up, in_transit, out_for_delivery, exception or delivered.
    """

    order: Order
    tracking_number: str
    lines: tuple[Line, ...]
    shipped_at: datetime
    status: str
    status_at: datetime

    def is_known(self, settings: Settings) -> bool:
        """Whether the carrier has scanned the parcel already."""
        return settings.as_of - self.shipped_at > _UNKNOWN_FOR


@dataclass(frozen=True, slots=True)
class Payout:
    """A transfer to the bank for the week before `arrives_on`; `expected` is the sum of its transactions."""

    arrives_on: date
    amount: Decimal
    expected: Decimal


def break_of(settings: Settings, order: Order) -> str | None:
    """The name of the break that is planted between this order and its cash; None where there is none.

    An order that is too young to be paid, invoiced or shipped is no break: see `is_settled`.
    """
    if not is_settled(settings, order):
        return None
    slot = order_slot(settings, order.index)
    planted = {
        "charge_missing": slots.CHARGE_MISSING,
        "charge_amount": slots.CHARGE_AMOUNT,
        "charge_currency": slots.CHARGE_CURRENCY,
        "charge_double": slots.CHARGE_DOUBLE,
        "charge_broken": slots.CHARGE_BROKEN,
        "refund_unknown": slots.REFUND_UNKNOWN,
        "invoice_missing": slots.INVOICE_MISSING,
        "invoice_amount": slots.INVOICE_AMOUNT,
        "invoice_double": slots.INVOICE_DOUBLE,
        "invoice_broken": slots.INVOICE_BROKEN,
    }
    if order.state == "done":
        planted |= {
            "shipment_missing": slots.SHIPMENT_MISSING,
            "shipment_short": slots.SHIPMENT_SHORT,
            "shipment_untold": slots.SHIPMENT_UNTOLD,
        }
    return next((name for name, those in planted.items() if slot in those), None)


def is_settled(settings: Settings, order: Order) -> bool:
    """Whether this is a real order, old enough to be paid, invoiced and, when it is done, shipped."""
    is_real = not (order.is_test or order.is_cancelled or order.zero_line)
    return is_real and settings.as_of - order.created_at > timedelta(days=2)


def _charge(settings: Settings, order: Order, copy: int) -> Charge:
    broken, random = break_of(settings, order), random_for(settings, f"charge-{copy}", order.index)
    amount = order.total_amount + (Decimal("7.30") if broken == "charge_amount" else 0)
    created_at = order.created_at + timedelta(minutes=2 + copy, seconds=int(random.random() * 60))
    is_refunded = order_slot(settings, order.index) in slots.REFUNDED or broken == "refund_unknown"
    refunded_at = created_at + timedelta(hours=30) if is_refunded and is_settled(settings, order) else None
    if refunded_at is not None and refunded_at >= settings.as_of:
        refunded_at = None
    refunded = min(order.lines[0].unit_price, amount) if refunded_at else Decimal(0)
    fee = (amount * _FEE_SHARE + _FEE_FIXED).quantize(_CENT, ROUND_HALF_UP)
    currency = "USD" if broken == "charge_currency" else "EUR"
    return Charge(
        order, copy, amount, currency, fee, refunded, created_at, refunded_at, _payout_day(settings, created_at)
    )


def _payout_day(settings: Settings, moment: datetime) -> date | None:
    """The Wednesday of the next week, when the bank gets the money; None if that is after `as_of`."""
    day = moment.date()
    arrives_on = day + timedelta(days=_PAYOUT_DAYS - day.weekday() + 2)
    return arrives_on if arrives_on < settings.as_of.date() else None


def charges_of(settings: Settings, order: Order) -> Iterator[Charge]:
    """The payments for one order."""
    if order.is_test or order.is_cancelled or order.zero_line:
        return
    broken = break_of(settings, order)
    if broken != "charge_missing":
        yield _charge(settings, order, 0)
    if broken == "charge_double":
        yield _charge(settings, order, 1)


def make_charges(settings: Settings) -> Iterator[Charge]:
    """All charges, in the order of the orders."""
    return (charge for order in make_orders(settings) for charge in charges_of(settings, order))


def shop_refund_of(settings: Settings, order: Order) -> Charge | None:
    """The charge of an order, if the shop has a part refund of it; else None."""
    if break_of(settings, order) == "refund_unknown":
        return None
    return next((charge for charge in charges_of(settings, order) if charge.refunded_at is not None), None)


def make_payouts(settings: Settings) -> Iterator[Payout]:
    """One payout for each week that has ended, in EUR; some are short by a bank's fee."""
    sums: dict[date, Decimal] = {}
    shorts: set[date] = set()
    for charge in make_charges(settings):
        if charge.currency != "EUR":
            continue
        if charge.paid_out_on is not None:
            day = charge.paid_out_on
            sums[day] = sums.get(day, Decimal(0)) + charge.amount - charge.fee
            if order_slot(settings, charge.order.index) in slots.PAYOUT_SHORT:
                shorts.add(day)
        day_of_refund = _payout_day(settings, charge.refunded_at) if charge.refunded_at else None
        if day_of_refund is not None:
            sums[day_of_refund] = sums.get(day_of_refund, Decimal(0)) - charge.refunded
    for day, total in sorted(sums.items()):
        yield Payout(day, total - (Decimal("12.00") if day in shorts else 0), total)


def refund_payout_day(settings: Settings, charge: Charge) -> date | None:
    """The payout from which a refund was held back."""
    return _payout_day(settings, charge.refunded_at) if charge.refunded_at else None


def make_invoices(settings: Settings) -> Iterator[Invoice]:
    """All invoices; each order is billed the day after, once it is settled."""
    for order in make_orders(settings):
        broken = break_of(settings, order)
        if not is_settled(settings, order) or broken == "invoice_missing":
            continue
        amount = order.total_amount - (Decimal("3.10") if broken == "invoice_amount" else 0)
        created_at = order.created_at + timedelta(days=1)
        yield Invoice(order, 0, amount, created_at)
        if broken == "invoice_double":
            yield Invoice(order, 1, amount, created_at + timedelta(hours=1))


def _status(settings: Settings, order: Order, shipped_at: datetime) -> tuple[str, datetime]:
    luck = random_for(settings, "shipment", order.index).random()
    days = (settings.as_of - shipped_at) / timedelta(days=1)
    ladder = ((0.5, "picked_up"), (2.0, "in_transit"), (3.0, "out_for_delivery"))
    for limit, status in ladder:
        if days < limit:
            return status, shipped_at + (settings.as_of - shipped_at) / 2
    if luck < 0.02:
        return "exception", shipped_at + timedelta(days=2)
    return "delivered", shipped_at + timedelta(days=2, hours=int(luck * 20))


def shipment_of(settings: Settings, order: Order) -> Shipment | None:
    """The parcel of an order that is done; a short one lacks a piece of its last line.

    Some parcels are known to the carrier only, because they were not entered in the shop.
    """
    broken = break_of(settings, order)
    if order.state != "done" or order.is_test or order.zero_line or broken == "shipment_missing":
        return None
    lines = order.lines
    if broken == "shipment_short":
        last = lines[-1]
        fewer = (replace(last, quantity=last.quantity - 1),) if last.quantity > 1 else ()
        lines = (*lines[:-1], *fewer)
    shipped_at = order.created_at + timedelta(days=1, hours=3)
    status, status_at = _status(settings, order, shipped_at)
    number = f"7949{order.index + 10_000_000:08d}"
    return Shipment(order, number, lines, shipped_at, status, status_at.replace(microsecond=0))


def make_shipments(settings: Settings) -> Iterator[Shipment]:
    """All parcels, in the order of the orders."""
    found = (shipment_of(settings, order) for order in make_orders(settings))
    return (shipment for shipment in found if shipment is not None)
