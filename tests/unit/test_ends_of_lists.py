"""A vendor's page must say whether more follow, and a count that it gives must agree; else reading is refused."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from concord.contract import Page, System
from concord.errors import ServerError
from concord.protocols.graphql.connections import Selection
from concord.protocols.session.client import HttpSession
from concord.systems.hubspot.declaration import SYSTEM as HUBSPOT
from concord.systems.klaviyo.declaration import SYSTEM as KLAVIYO
from concord.systems.netsuite.declaration import SYSTEM as NETSUITE
from concord.systems.salesforce.declaration import SYSTEM as SALESFORCE
from concord.systems.shopify.declaration import api as shop
from concord.systems.stripe.declaration import CUSTOMERS
from tests.unit.opened import session_to
from tests.unit.wire import answer, serving


def whole(session: HttpSession, system: System, name: str) -> Iterator[Page]:
    resource = system.resource(name)
    return resource.read.read_window(session, resource, None)


def found_contacts(session: HttpSession) -> Iterator[Page]:
    resource = HUBSPOT.resource("contacts")
    return resource.read.read_matching(session, resource, "last_name", ["Kern"])


def shop_orders(session: HttpSession) -> Iterator[Page]:
    return Selection("id").read_connection(shop, session, "orders", size=2)


UNSAID: dict[str, tuple[Callable[[HttpSession], Iterator[Page]], object]] = {
    "Stripe lacks has_more": (lambda s: CUSTOMERS.pages(s, "customers"), {"data": [{"id": "a"}]}),
    "Salesforce lacks done": (lambda s: whole(s, SALESFORCE, "accounts"), {"records": [], "totalSize": 0}),
    "Salesforce lacks totalSize": (lambda s: whole(s, SALESFORCE, "accounts"), {"records": [], "done": True}),
    "Salesforce counts more": (
        lambda s: whole(s, SALESFORCE, "accounts"),
        {"records": [{"Id": "1"}], "done": True, "totalSize": 2},
    ),
    "Salesforce says not where": (
        lambda s: whole(s, SALESFORCE, "accounts"),
        {"records": [{"Id": "1"}], "done": False, "totalSize": 2},
    ),
    "HubSpot counts more": (found_contacts, {"results": [{"id": "1"}], "total": 2}),
    "Klaviyo lacks links": (lambda s: whole(s, KLAVIYO, "profiles"), {"data": [{"id": "1"}]}),
    "Klaviyo lacks links.next": (lambda s: whole(s, KLAVIYO, "profiles"), {"data": [{"id": "1"}], "links": {}}),
    "NetSuite lacks hasMore": (lambda s: whole(s, NETSUITE, "items"), {"items": [{"id": "1"}]}),
    "NetSuite counts more": (
        lambda s: whole(s, NETSUITE, "items"),
        {"items": [{"id": "1"}], "hasMore": False, "totalResults": 2},
    ),
    "Shopify lacks pageInfo": (shop_orders, {"data": {"orders": {"nodes": []}}}),
    "Shopify says not where": (
        shop_orders,
        {"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": True}}}},
    ),
}


@pytest.mark.parametrize(("read", "said"), UNSAID.values(), ids=UNSAID)
def test_a_page_whose_end_is_not_said_or_not_true_is_refused(
    read: Callable[[HttpSession], Iterator[Page]], said: object
) -> None:
    with serving(answer(body=json.dumps(said).encode())) as wire:
        session = session_to(wire.url)
        session.connection = replace(session.connection, extra={"time_zone": "UTC"})
        with pytest.raises(ServerError):
            list(read(session))
