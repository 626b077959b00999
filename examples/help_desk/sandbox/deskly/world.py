"""The records that the help desk has of the world: customers as requesters, and their tickets about orders.

Some people never asked anything, some told the desk a number that nobody else knows, and some requesters have an
old address, an old name, no number, a second record, or an address that is none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sandbox.world.customers import Customer, make_customer, make_customers, old_email, phone_number
from sandbox.world.draw import Settings, moment_between, random_for, slot_of
from sandbox.world.orders import CRM_STATUS, Order, make_orders
from sandbox.world.pools import COUNTRY_BY_CODE, LAST_NAMES
from sandbox.world.systems import REACH, SystemTruth

NEVER_ASKED = range(300, 340)
NEW_PHONE = range(445, 455)
NO_PHONE = range(455, 475)
OLD_EMAIL = range(475, 483)
OLD_NAME = range(483, 488)
TWICE = range(488, 494)
BROKEN_EMAIL = range(494, 498)
_SUBJECTS = ("Where is my parcel?", "An article is missing", "I want to send it back", "A question on the invoice")
_STATES = ("open", "waiting", "solved", "closed")
_UNSOLVED = ("open", "waiting")
_ORDERS_A_TICKET = 3
_URGENT = 1
Record = dict[str, Any]


def requester_id(customer: Customer, copy: int = 0) -> str:
    """The id of the requester that a customer is, and of a second record of the same person."""
    return str(70_001 + customer.index + copy * 1_000_000)


def _as_told(customer: Customer) -> Customer:
    """The customer as the desk knows him."""
    if customer.slot in NEW_PHONE:
        phone = phone_number(COUNTRY_BY_CODE[customer.country_code], customer.index, is_old=True)
        return replace(customer, phone=phone)
    if customer.slot in OLD_EMAIL:
        return replace(customer, email=old_email(customer))
    if customer.slot in OLD_NAME and customer.kind == "person":
        born = LAST_NAMES[(LAST_NAMES.index(customer.last_name) + 11) % len(LAST_NAMES)]
        return replace(customer, last_name=born)
    return customer


def requesters(settings: Settings) -> Iterator[Record]:
    """Every customer who asked something, some of them twice."""
    for customer in make_customers(settings):
        if customer.slot in NEVER_ASKED:
            continue
        random, told = random_for(settings, "deskly-requester", customer.index), _as_told(customer)
        record = {
            "id": requester_id(customer),
            "name": told.name,
            "email": "none" if customer.slot in BROKEN_EMAIL else told.email,
            "phone": None if customer.slot in NO_PHONE else told.phone,
            "created": customer.created_at.isoformat(),
            "changed": moment_between(random, customer.created_at, settings.as_of).isoformat(),
        }
        yield record
        if customer.slot in TWICE:
            yield {**record, "id": requester_id(customer, 1), "email": told.email.swapcase()}


def requester_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each requester, and the customer."""
    for customer in make_customers(settings):
        if customer.slot not in NEVER_ASKED:
            yield requester_id(customer), customer.world_id
        if customer.slot in TWICE:
            yield requester_id(customer, 1), customer.world_id


def broken_requesters(settings: Settings) -> Iterator[tuple[str, str]]:
    """The requesters whose address is none."""
    broken = (customer for customer in make_customers(settings) if customer.slot in BROKEN_EMAIL)
    return ((f"requesters/{requester_id(customer)}", "bad_email") for customer in broken)


def tickets(settings: Settings) -> Iterator[Record]:
    """A ticket about every third order, of those whose customer asks."""
    for order in make_orders(settings):
        if order.index % _ORDERS_A_TICKET or slot_of(settings, order.customer_index) in NEVER_ASKED:
            continue
        random = random_for(settings, "deskly-ticket", order.index)
        created = min(order.created_at + timedelta(days=2), settings.as_of - timedelta(seconds=1))
        yield {
            "id": ticket_id(order),
            "requester_id": requester_id(make_customer(settings, order.customer_index)),
            "external_id": order.number,
            "subject": random.choice(_SUBJECTS),
            "state": random.choice(_STATES),
            "priority": random.choice((1, 2, 3, 4, None)),
            "created": created.isoformat(),
            "changed": moment_between(random, created, settings.as_of).isoformat(),
        }


def ticket_id(order: Order) -> str:
    """The id of the ticket about an order."""
    return str(9_000_001 + order.index)


def urgent_tickets(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each unsolved ticket about a cancelled order, and the order."""
    states = {ticket["id"]: ticket["state"] for ticket in tickets(settings)}
    for order in make_orders(settings):
        if order.is_cancelled and states.get(ticket_id(order)) in _UNSOLVED:
            yield ticket_id(order), order.world_id


def read_requester(record: Mapping[str, Any]) -> tuple[str, Record]:
    """The key of a requester, and its fields under the names of the world."""
    return record["id"], {"customer_name": record["name"], "email": record["email"], "phone": record["phone"]}


def read_ticket(record: Mapping[str, Any]) -> tuple[str, Record]:
    """The key of a ticket, and what may be written of it."""
    return record["id"], {"priority": record["priority"], "state": record["state"]}


RESOURCES = {"requesters": requesters, "tickets": tickets}
TRUTH = SystemTruth(
    customers="requesters",
    live={"requesters": requester_keys, "tickets": urgent_tickets},
    writable={"requesters": REACH | {"customer_name"}, "tickets": frozenset({"priority"})},
    unreadable=broken_requesters,
    # Only a ticket about a cancelled order is known to the truth, so one priority is right in all of them.
    order_words={"priority": dict.fromkeys(CRM_STATUS, _URGENT)},
    flat={"requesters": read_requester, "tickets": read_ticket},
)
