"""The records that the help desk has of the world: customers as requesters, and their tickets about orders."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sandbox.world.customers import Customer, make_customers
from sandbox.world.draw import Settings, moment_between, random_for
from sandbox.world.orders import make_orders

_SUBJECTS = ("Where is my parcel?", "An article is missing", "I want to send it back", "A question on the invoice")
_STATES = ("open", "waiting", "solved", "closed")
_ORDERS_A_TICKET = 3
Record = dict[str, Any]


def requester_id(customer: Customer) -> str:
    """The id of the requester that a customer is."""
    return str(70_001 + customer.index)


def requesters(settings: Settings) -> Iterator[Record]:
    """Every customer as a requester."""
    for customer in make_customers(settings):
        random = random_for(settings, "deskly-requester", customer.index)
        yield {
            "id": requester_id(customer),
            "name": customer.name,
            "email": customer.email,
            "phone": customer.phone if random.random() < 0.5 else None,
            "created": customer.created_at.isoformat(),
            "changed": moment_between(random, customer.created_at, settings.as_of).isoformat(),
        }


def tickets(settings: Settings) -> Iterator[Record]:
    """A ticket about every third order."""
    for order in make_orders(settings):
        if order.index % _ORDERS_A_TICKET:
            continue
        random = random_for(settings, "deskly-ticket", order.index)
        created = min(order.created_at + timedelta(days=2), settings.as_of - timedelta(seconds=1))
        yield {
            "id": str(900_001 + order.index),
            "requester_id": str(70_001 + order.customer_index),
            "external_id": order.number,
            "subject": random.choice(_SUBJECTS),
            "state": random.choice(_STATES),
            "priority": random.choice((1, 2, 3, 4, None)),
            "created": created.isoformat(),
            "changed": moment_between(random, created, settings.as_of).isoformat(),
        }


RESOURCES = {"requesters": requesters, "tickets": tickets}
