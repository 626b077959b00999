"""The records that HubSpot has of the world: contacts, companies and deals.

Their values are true, in several spellings. Some customers are missing, some
contacts were merged, and some archived contacts are no customers. Some orders never became a
deal, some deals are at an earlier stage than their order, and a few were made for test orders.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.world import slots
from sandbox.world.consent import UNSUBSCRIBED, consent_of
from sandbox.world.customers import Customer, make_customer, make_customers, second_email
from sandbox.world.draw import Settings, moment_between, random_for, slot_of
from sandbox.world.job_titles import job_title
from sandbox.world.notation import write_country, write_name, write_phone
from sandbox.world.orders import Order, make_orders, order_slot
from sandbox.world.records import SHOP, is_present
from sandbox.world.systems import ADDRESS, PERSON, REACH, SystemTruth

ABSENT = range(400, 410)
MERGED = range(410, 430)
ARCHIVED_STRANGER = range(430, 445)
STAGES = {
    "draft": "checkout_pending",
    "quotation": "checkout_completed",
    "confirmed": "processed",
    "processing": "processed",
    "done": "shipped",
    "cancelled": "cancelled",
}
_EARLIER_STAGE = {"processing": "checkout_completed", "done": "processed"}
_CONTACT, _COMPANY, _DEAL = 120_000_000_000, 210_000_000_000, 310_000_000_000
_CROSSWALK_SHARE = 0.7
Record = dict[str, Any]


def write_time(moment: datetime) -> str:
    """ISO 8601 in UTC, without a fraction where there is none."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def contact_id(index: int, copy: int = 0) -> str:
    """The id of a contact; the next two are those of a contact merged into it and of a stranger."""
    return str(_CONTACT + index * 4 + copy)


def company_id(index: int) -> str:
    """Company ids."""
    return str(_COMPANY + index)


def deal_id(index: int) -> str:
    """Deal ids."""
    return str(_DEAL + index)


def is_known(slot: int) -> bool:
    """Whether this CRM knows the customer of this slot."""
    return slot not in ABSENT


def _record(record_id: str, created: datetime, updated: datetime, properties: Record) -> Record:
    return {
        "id": record_id,
        "properties": properties,
        "createdAt": write_time(created),
        "updatedAt": write_time(updated),
        "archived": False,
    }


def _place(settings: Settings, customer: Customer, kind: str) -> Record:
    random = random_for(settings, f"hubspot-{kind}", customer.index)
    is_in_erp = customer.slot not in slots.NOT_IN_ERP
    return {
        "phone": write_phone(random, customer.phone, customer.country_code),
        "address": customer.street,
        "city": customer.city,
        "zip": customer.postal_code,
        "country": write_country(random, customer.country_code),
        "lifecyclestage": "customer",
        "erp_customer_id": customer.code if is_in_erp and random.random() < _CROSSWALK_SHARE else None,
        "concord_id": None,
    }


def _moments(settings: Settings, kind: str, customer: Customer) -> tuple[datetime, datetime]:
    random = random_for(settings, f"hubspot-{kind}-times", customer.index)
    created = min(customer.created_at + timedelta(hours=5), settings.as_of - timedelta(hours=1))
    return created, moment_between(random, created, settings.as_of)


def _contact(settings: Settings, customer: Customer) -> Record:
    random = random_for(settings, "hubspot-contact-name", customer.index)
    created, updated = _moments(settings, "contact", customer)
    has_opted_out = consent_of(settings, customer).truly == UNSUBSCRIBED
    properties = {
        "email": customer.email.lower(),
        "firstname": write_name(random, customer.first_name),
        "lastname": write_name(random, customer.last_name),
        "jobtitle": job_title(settings, customer.index),
        **_place(settings, customer, "contact"),
        "associatedcompanyid": company_id(customer.index) if customer.kind == "company" else None,
        "hs_email_optout": "true" if has_opted_out else None,
    }
    if customer.slot in MERGED:
        properties |= {
            "hs_merged_object_ids": contact_id(customer.index, 1),
            "hs_additional_emails": second_email(customer),
        }
    return _record(contact_id(customer.index), created, updated, properties)


def _stranger(settings: Settings, customer: Customer) -> Record:
    created, updated = _moments(settings, "stranger", customer)
    properties = {
        "email": f"left{customer.index}@gone.example",
        "firstname": "Closed",
        "lastname": f"Contact {customer.index}",
        "lifecyclestage": "lead",
    }
    archived_at = min(updated + timedelta(hours=2), settings.as_of - timedelta(seconds=1))
    record = _record(contact_id(customer.index, 2), created, updated, properties)
    return {**record, "archived": True, "archivedAt": write_time(archived_at)}


def contacts(settings: Settings) -> Iterator[Record]:
    """Contacts in the order of their ids, archived ones included."""
    for customer in make_customers(settings):
        if is_known(customer.slot):
            yield _contact(settings, customer)
        if customer.slot in ARCHIVED_STRANGER:
            yield _stranger(settings, customer)


def customer_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each live customer record, and the customer."""
    for customer in make_customers(settings):
        if is_known(customer.slot):
            yield contact_id(customer.index), customer.world_id


def companies(settings: Settings) -> Iterator[Record]:
    """One company for each known customer that is one."""
    for customer in make_customers(settings):
        if customer.kind != "company" or not is_known(customer.slot):
            continue
        random = random_for(settings, "hubspot-company-name", customer.index)
        created, updated = _moments(settings, "company", customer)
        properties = {
            "name": write_name(random, customer.name),
            "domain": f"company{customer.index}.example",
            **_place(settings, customer, "company"),
        }
        if customer.slot % 10 == 0:
            properties["hs_merged_object_ids"] = str(_COMPANY + 50_000_000 + customer.index)
        yield _record(company_id(customer.index), created, updated, properties)


def company_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each company, and the customer."""
    for customer in make_customers(settings):
        if customer.kind == "company" and is_known(customer.slot):
            yield company_id(customer.index), customer.world_id


def stage_of(settings: Settings, order: Order) -> str:
    """The stage of an order's deal; some deals stayed at the stage before."""
    if order.in_erp and order_slot(settings, order.index) in slots.STALE_STAGE:
        return _EARLIER_STAGE.get(order.state, STAGES[order.state])
    return STAGES[order.state]


def is_deal(settings: Settings, order: Order) -> bool:
    """Whether the order became a deal: most orders of known customers did, and a few test orders."""
    slot = order_slot(settings, order.index)
    is_made = slot in slots.DEAL_OF_A_TEST if order.is_test else slot not in slots.NOT_A_DEAL
    return is_made and is_known(slot_of(settings, order.customer_index))


def _deal(settings: Settings, order: Order) -> Record:
    customer = make_customer(settings, order.customer_index)
    is_business = customer.kind == "company" and is_known(customer.slot)
    properties = {
        "dealname": f"Order {order.number}",
        "shop_order_name": order.number,
        "amount": str(order.total_amount),
        "deal_currency_code": "EUR",
        "pipeline": "ecommerce",
        "dealstage": stage_of(settings, order),
        "closedate": write_time(order.created_at),
        "hs_primary_associated_company": company_id(customer.index) if is_business else None,
        "erp_customer_id": customer.code if customer.slot not in slots.NOT_IN_ERP else None,
    }
    return _record(deal_id(order.index), order.created_at, order.updated_at, properties)


def deals(settings: Settings) -> Iterator[Record]:
    """One deal for each order that became one."""
    return (_deal(settings, order) for order in make_orders(settings) if is_deal(settings, order))


def deal_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each deal, and the order."""
    return ((deal_id(order.index), order.world_id) for order in make_orders(settings) if is_deal(settings, order))


def lacks_customer(customer: Customer) -> bool:
    """Whether a customer of the shop is unknown here."""
    return not is_known(customer.slot) and is_present(customer.slot, SHOP)


def lacks_order(settings: Settings, order: Order) -> bool:
    """Whether the order did not become a deal."""
    return not is_deal(settings, order)


RESOURCES = {"contacts": contacts, "companies": companies, "deals": deals}
TRUTH = SystemTruth(
    customers="contacts",
    live={"contacts": customer_keys, "companies": company_keys, "deals": deal_keys},
    writable={
        "contacts": ADDRESS | PERSON | REACH,
        "companies": ADDRESS | {"company_name", "phone"},
        "deals": frozenset({"stage", "is_archived"}),
    },
    lacks_customer=lacks_customer,
    lacks_order=lacks_order,
    order_words={"stage": STAGES},
)
