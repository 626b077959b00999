"""Judges the orders that a night created in SAP, NetSuite and HubSpot, and the deals that it had to archive."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sandbox.referee.control_desk import Record
from sandbox.referee.created_customers import name_created_customers
from sandbox.referee.verdict import After
from sandbox.world import World
from sandbox.world.truth import Truth

Finding = tuple[str, bool, str]
"""A system, whether what was found there is right, and a description of it."""


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order as one system holds it; `owner` is the customer's entity, None where the system names none."""

    key: str
    reference: str
    total_amount: Decimal
    owner: str | None
    stage: str | None = None
    is_named_right: bool = True


def _sap(truth: Truth, record: Record) -> HeldOrder:
    partner = str(record["SoldToParty"]).lstrip("0")
    owner = truth.entity_of("sap", "business_partners", partner) or f"nobody: {partner}"
    total_amount = Decimal(record["TotalNetAmount"])
    number = str(record["SalesOrder"]).lstrip("0")
    return HeldOrder(number, str(record["PurchaseOrderByCustomer"]), total_amount, owner)


def _netsuite(truth: Truth, record: Record) -> HeldOrder:
    reference, customer = str(record["otherRefNum"]), str(record["entity"]["id"])
    return HeldOrder(
        str(record["id"]),
        reference,
        Decimal(str(record["total"])),
        truth.entity_of("netsuite", "customers", customer) or f"nobody: {customer}",
        is_named_right=record["externalId"] == f"WEB-{reference.removeprefix('#')}",
    )


def _hubspot(truth: Truth, record: Record) -> HeldOrder:
    properties: Mapping[str, Any] = record["properties"]
    code, reference = properties.get("erp_customer_id"), str(properties.get("shop_order_name"))
    owner = (truth.find_by_code(code) or f"nobody: {code}") if code else None
    return HeldOrder(
        str(record["id"]), reference, Decimal(properties["amount"] or 0), owner, stage=properties["dealstage"]
    )


ORDER_READERS: Mapping[tuple[str, str], Callable[[Truth, Record], HeldOrder]] = {
    ("sap", "A_SalesOrder"): _sap,
    ("netsuite", "sales_orders"): _netsuite,
    ("hubspot", "deals"): _hubspot,
}


def judge_created_orders(world: World, after: After) -> Iterator[Finding]:
    """Every order that was created, and every deal of a test order that is not archived."""
    identities = {**world.truth.identities, **dict(name_created_customers(world, after))}
    truth = replace(world.truth, identities=identities)
    for (system, resource), read in ORDER_READERS.items():
        if system in after:
            held = [read(truth, record) for record in after[system][resource]]
            old = {read(truth, record).key for record in world.records(system, resource)}
            yield from _judge_created(truth, system, held, old)
    if {"hubspot", "shopify"} <= after.keys():
        yield from _judge_test_deals(world.truth, after["hubspot"]["deals"])


def _judge_created(truth: Truth, system: str, held: list[HeldOrder], old: set[str]) -> Iterator[Finding]:
    times = Counter(order.reference for order in held)
    entities = {entity["number"]: (name, entity) for name, entity in truth.entities.items() if "number" in entity}
    for order in held:
        if order.key in old:
            continue
        world_id, wanted = entities.get(order.reference, ("", {}))
        is_right = (
            truth.is_allowed_create(system=system, values={"reference": order.reference})
            and times[order.reference] == 1
            and order.is_named_right
            and order.total_amount == Decimal(wanted["total_amount"])
            and order.owner in (None, wanted["customer"])
            and order.stage in (None, *truth.expected(world_id, "stage"))
        )
        yield system, is_right, f"order {order.reference} of {order.total_amount} for {order.owner} was created"


def _judge_test_deals(truth: Truth, deals: list[Record]) -> Iterator[Finding]:
    """A deal of a test order is wrong until it is archived."""
    for deal in deals:
        owner = truth.entity_of("hubspot", "deals", deal["id"])
        is_test = owner is not None and bool(truth.expected(owner, "is_archived"))
        if is_test and not deal["archived"]:
            yield "hubspot", False, f"deal {deal['id']} of a test order is not archived"
