"""Works out the truth of a world: the same draws as the systems' records, without any spelling."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.world import hubspot, klaviyo, legacy_sql, netsuite, salesforce, sap, shopify, slots, stripe, tryton
from sandbox.world.catalog import make_products
from sandbox.world.commerce import break_of, shipment_of
from sandbox.world.consent import UNSUBSCRIBED, consent_of
from sandbox.world.customers import Customer, make_customer, make_customers, partner_index, second_email
from sandbox.world.deliveries import is_untold, word_for_crm, word_for_shop
from sandbox.world.draw import Settings
from sandbox.world.orders import CRM_STATUS, Order, make_orders
from sandbox.world.records import CRM, ERP, SHOP, Held, is_present, make_records
from sandbox.world.truth import Truth

Keys = Callable[[Settings], Iterator[tuple[str, int]]]
OTHERS: Mapping[tuple[str, str], Keys] = {
    ("hubspot", "contacts"): hubspot.customer_keys,
    ("hubspot", "companies"): hubspot.company_keys,
    ("netsuite", "customers"): netsuite.customer_keys,
    ("sap", "business_partners"): sap.customer_keys,
    ("stripe", "customers"): stripe.customer_keys,
    ("klaviyo", "profiles"): klaviyo.customer_keys,
    ("legacy_sql", "customers"): legacy_sql.customer_keys,
}

_FIELDS = ("first_name", "last_name", "company_name", "email", "phone", "street", "city", "postal_code")


def _keys(held: Held, index: int) -> Iterator[str]:
    """The names under which a held record is found in its system."""
    match held.system:
        case "shopify":
            yield f"shopify/customers/{shopify.customer_id(index, held.copy)}"
        case "salesforce":
            yield f"salesforce/accounts/{salesforce.account_id(index, held.copy)}"
            if not (held.is_gone and held.copy == 1):
                yield f"salesforce/contacts/{salesforce.contact_id(index, held.copy)}"
        case _:
            yield f"tryton/parties/{tryton.party_code(index, held.copy)}"


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
        **{name: getattr(customer, name) for name in _FIELDS},
        "country_code": customer.country_code,
        "email": emails,
        # Nobody but the customer gives consent, so the one right thing to write of it is that it ended.
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


def _add_others(truth: Truth, settings: Settings) -> None:
    """Whose the live records of the other systems are; each tells the keys that it gives to customers."""
    for (system, resource), keys_of in OTHERS.items():
        for key, index in keys_of(settings):
            truth.identities[f"{system}/{resource}/{key}"] = f"customer-{index}"


def _add_warnings(truth: Truth, settings: Settings, customer: Customer) -> None:
    """Pairs that must go to a person, and pairs that must never be joined."""
    if customer.slot in slots.REVIEW:
        record = f"salesforce/accounts/{salesforce.account_id(customer.index, 0)}"
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
        keys = [f"tryton/products/{product.sku}"]
        if product.in_shop:
            variant = f"shopify/product_variants/{shopify.variant_id(product.index)}"
            keys += [variant, f"shopify/inventory_items/{shopify.item_id(product.index)}"]
            if product.is_broken:
                truth.quarantine.append({"record": variant, "reason": "negative_price"})
        truth.identities.update(dict.fromkeys(keys, product.world_id))


def _is_unbooked(settings: Settings, order: Order) -> Iterator[tuple[str, bool]]:
    """Each further book, and whether it lacks a live order of a customer whom it knows."""
    customer = make_customer(settings, order.customer_index)
    yield "sap", sap.can_order(customer) and not sap.is_booked(settings, order)
    yield "netsuite", netsuite.is_known(customer) and not netsuite.has_arrived(settings, order)
    yield "hubspot", hubspot.is_known(customer.slot) and not hubspot.is_deal(settings, order)


def _add_books(truth: Truth, settings: Settings, order: Order) -> None:
    """What the further books lack, and what is said of the deal that they have."""
    if not (order.is_test or order.is_cancelled or order.zero_line):
        for system, is_unbooked in _is_unbooked(settings, order):
            if is_unbooked:
                truth.unbooked_orders.setdefault(system, []).append(order.number)
    if hubspot.is_deal(settings, order):
        truth.identities[f"hubspot/deals/{hubspot.deal_id(order.index)}"] = order.world_id


def _parcel(settings: Settings, order: Order) -> dict[str, Any]:
    """What may be written of the parcel; its number only where the shop does not know it."""
    shipment = shipment_of(settings, order)
    if shipment is None or not shipment.is_known(settings):
        return {}
    words = [word_for_shop(settings, shipment), word_for_crm(settings, shipment)]
    number = {"carrier_name": "FedEx", "tracking_number": shipment.tracking_number}
    return {"delivery_status": words, **(number if is_untold(settings, order) else {})}


def _add_order(truth: Truth, settings: Settings, order: Order) -> None:
    state = order.state if order.in_erp else "processing"
    truth.entities[order.world_id] = {
        "number": order.number,
        "customer": f"customer-{order.customer_index}",
        "total_amount": str(order.total_amount),
        "status": CRM_STATUS[state],
        "state": state,
        "stage": hubspot.STAGES[state],
        "is_archived": "yes" if order.is_test else None,
        **_parcel(settings, order),
        "order_lines": {line.product.sku: [line.quantity, str(line.unit_price)] for line in order.lines},
    }
    in_shop = f"shopify/orders/{shopify.order_id(order.index)}"
    truth.identities[in_shop] = order.world_id
    if order.in_crm:
        truth.identities[f"salesforce/orders/{salesforce.order_id(order.index)}"] = order.world_id
    if order.in_erp:
        truth.identities[f"tryton/sales/{order.number}"] = order.world_id
    if order.zero_line:
        truth.quarantine.append({"record": in_shop, "reason": "zero_quantity"})
    lists = {
        "missing_orders": order.is_owed_to_erp,
        "test_orders": order.is_test,
        "cancelled_orders": order.is_cancelled,
        "held_orders": order.zero_line and not order.in_erp and not order.is_test,
    }
    for name, is_member in lists.items():
        if is_member:
            getattr(truth, name).append(order.number)


def _add_broken_cash(truth: Truth, settings: Settings, order: Order) -> None:
    """Records of an order's cash that cannot be read, and so are set aside."""
    match break_of(settings, order):
        case "charge_broken":
            record = f"stripe/charges/{stripe.charge_id(order.index, 0)}"
            truth.quarantine.append({"record": record, "reason": "odd_status"})
        case "invoice_broken":
            record = f"netsuite/invoices/{netsuite.invoice_id(order.index, 0)}"
            truth.quarantine.append({"record": record, "reason": "due_before_issued"})


def build_truth(settings: Settings) -> Truth:
    """The whole truth, in memory."""
    truth = Truth()
    for customer in make_customers(settings):
        _add_customer(truth, settings, customer)
        _add_warnings(truth, settings, customer)
    _add_others(truth, settings)
    _add_products(truth, settings)
    for order in make_orders(settings):
        _add_order(truth, settings, order)
        _add_books(truth, settings, order)
        _add_broken_cash(truth, settings, order)
    return truth
