"""Works out the truth of a world: the same draws as the systems' records, without any spelling."""

from collections.abc import Iterator
from typing import Any

from sandbox.world import slots
from sandbox.world.catalog import make_products
from sandbox.world.commerce import shipment_of
from sandbox.world.consent import UNSUBSCRIBED, consent_of
from sandbox.world.customers import Customer, make_customers, partner_index, second_email
from sandbox.world.deliveries import CARRIER_NAME, is_untold, word_for_crm, word_for_shop
from sandbox.world.draw import Settings
from sandbox.world.orders import CRM_STATUS, Order, make_orders
from sandbox.world.records import CRM, ERP, SHOP, Held, is_present, make_records
from sandbox.world.systems import find_truths
from sandbox.world.truth import Truth

_FIELDS = ("first_name", "last_name", "company_name", "email", "phone", "street", "city", "postal_code")


def _keys(held: Held, index: int) -> Iterator[str]:
    """The names `system/resource/key` of a held record."""
    name_records = find_truths()[held.system].held
    if name_records is not None:
        yield from (f"{held.system}/{name}" for name in name_records(held, index))


def _note_stale(truth: Truth, customer: Customer, held: Held) -> None:
    key = next(_keys(held, customer.index))
    for name in _FIELDS:
        value = getattr(held, name)
        if value is not None and not held.is_broken and not truth.is_right(customer.world_id, name, value):
            truth.stale.append({"record": key, "field": name, "world_id": customer.world_id})


def _add_customer(truth: Truth, settings: Settings, customer: Customer) -> None:
    emails = [customer.email]
    if customer.slot in slots.SHOP_DUPLICATE:
        emails.append(second_email(customer))
    truth.entities[customer.world_id] = {
        "kind": customer.kind,
        "customer_name": customer.name,
        "code": customer.code,
        **{name: getattr(customer, name) for name in _FIELDS},
        "country_code": customer.country_code,
        "email": emails,
        # Only customers give consent, so the only right value to write is that they ended it.
        "email_consent": UNSUBSCRIBED if consent_of(settings, customer).truly == UNSUBSCRIBED else None,
    }
    for held in make_records(settings, customer):
        keys = list(_keys(held, customer.index))
        if held.is_gone:
            owner = customer.world_id if held.copy == 1 else f"stranger-{customer.index}"
            truth.gone.update(dict.fromkeys(keys, owner))
            continue
        truth.identities.update(dict.fromkeys(keys, customer.world_id))
        _note_stale(truth, customer, held)
        if held.is_broken:
            reason = "bad_email" if held.system == SHOP else "bad_country"
            truth.quarantine.append({"record": keys[0], "reason": reason})
    for system in (SHOP, CRM, ERP):
        if not is_present(customer.slot, system):
            truth.missing_customers.setdefault(system, []).append(customer.world_id)
    for system, own in find_truths().items():
        if own.lacks_customer is not None and own.lacks_customer(customer):
            truth.missing_customers.setdefault(system, []).append(customer.world_id)


def _add_records(truth: Truth, settings: Settings) -> None:
    """Add the live records that each system names itself, and those of its records that cannot be read."""
    for system, own in find_truths().items():
        for resource, list_live in own.live.items():
            truth.identities.update({f"{system}/{resource}/{key}": owner for key, owner in list_live(settings)})
        for name, reason in own.unreadable(settings) if own.unreadable else ():
            truth.quarantine.append({"record": f"{system}/{name}", "reason": reason})


def _add_warnings(truth: Truth, settings: Settings, customer: Customer) -> None:
    """Add pairs that a person must decide on, and pairs that must never be matched."""
    if customer.slot in slots.REVIEW:
        held = next(held for held in make_records(settings, customer) if held.system == CRM)
        record = next(_keys(held, customer.index))
        truth.review.append({"record": record, "world_id": customer.world_id})
    partner = partner_index(settings, customer.index)
    if partner is not None:
        truth.never_match.append([customer.world_id, f"customer-{partner}"])


def _add_products(truth: Truth, settings: Settings) -> None:
    for product in make_products(settings):
        truth.entities[product.world_id] = {
            "sku": product.sku,
            "name": product.name,
            "price": str(product.price),
            "stock": product.stock,
        }


def _note_unbooked(truth: Truth, settings: Settings, order: Order) -> None:
    """Add the order to those that a system lacks, for each system that knows the customer."""
    if order.is_test or order.is_cancelled or order.zero_line:
        return
    for system, own in find_truths().items():
        if own.lacks_order is not None and own.lacks_order(settings, order):
            truth.unbooked_orders.setdefault(system, []).append(order.number)


def _parcel(settings: Settings, order: Order) -> dict[str, Any]:
    """The values that may be written of the parcel; its number only where the shop does not know it."""
    shipment = shipment_of(settings, order)
    if shipment is None or not shipment.is_known(settings):
        return {}
    words = [word_for_shop(settings, shipment), word_for_crm(settings, shipment)]
    number = {"carrier_name": CARRIER_NAME, "tracking_number": shipment.tracking_number}
    return {"delivery_status": words, **(number if is_untold(settings, order) else {})}


def _add_order(truth: Truth, settings: Settings, order: Order) -> None:
    state = order.state if order.in_erp else "processing"
    truth.entities[order.world_id] = {
        "number": order.number,
        "customer": f"customer-{order.customer_index}",
        "total_amount": str(order.total_amount),
        "status": CRM_STATUS[state],
        "state": state,
        **{name: words[state] for own in find_truths().values() for name, words in own.order_words.items()},
        "is_archived": "yes" if order.is_test else None,
        **_parcel(settings, order),
        "order_lines": {line.product.sku: [line.quantity, str(line.unit_price)] for line in order.lines},
    }
    lists = {
        "missing_orders": order.is_owed_to_erp,
        "test_orders": order.is_test,
        "cancelled_orders": order.is_cancelled,
        "held_orders": order.zero_line and not order.in_erp and not order.is_test,
    }
    for name, is_member in lists.items():
        if is_member:
            getattr(truth, name).append(order.number)


def build_truth(settings: Settings) -> Truth:
    """The whole truth, in memory."""
    truth = Truth()
    for customer in make_customers(settings):
        _add_customer(truth, settings, customer)
        _add_warnings(truth, settings, customer)
    _add_products(truth, settings)
    for order in make_orders(settings):
        _add_order(truth, settings, order)
        _note_unbooked(truth, settings, order)
    _add_records(truth, settings)
    return truth
