"""Orders in the further books, held against the world: what a night may create, and what it must put away."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from concord.demo.other_records import Record
from sandbox.world import World
from sandbox.world.truth import Truth

After = Mapping[str, Mapping[str, list[Record]]]
Finding = tuple[str, bool, str]
"""The system, whether what was found is right, and what it is."""


@dataclass(frozen=True, slots=True)
class Booked:
    """An order as one book holds it: whose it is and how far it got, None where that is not said."""

    key: str
    reference: str
    total_amount: Decimal
    owner: str | None
    stage: str | None = None
    is_named_right: bool = True


def _sap(truth: Truth, record: Record) -> Booked:
    partner = str(record["SoldToParty"]).lstrip("0")
    owner = truth.entity_of("sap", "business_partners", partner) or f"nobody: {partner}"
    total_amount = Decimal(record["TotalNetAmount"])
    number = str(record["SalesOrder"]).lstrip("0")
    return Booked(number, str(record["PurchaseOrderByCustomer"]), total_amount, owner)


def _netsuite(truth: Truth, record: Record) -> Booked:
    reference, customer = str(record["otherRefNum"]), str(record["entity"]["id"])
    return Booked(
        str(record["id"]),
        reference,
        Decimal(str(record["total"])),
        truth.entity_of("netsuite", "customers", customer) or f"nobody: {customer}",
        is_named_right=record["externalId"] == f"WEB-{reference.removeprefix('#')}",
    )


def _hubspot(truth: Truth, record: Record) -> Booked:
    said: Mapping[str, Any] = record["properties"]
    code, reference = said.get("erp_customer_id"), str(said.get("shop_order_name"))
    owner = (truth.entity_of("tryton", "parties", code) or f"nobody: {code}") if code else None
    return Booked(str(record["id"]), reference, Decimal(said["amount"] or 0), owner, stage=said["dealstage"])


BOOKS: Mapping[tuple[str, str], Callable[[Truth, Record], Booked]] = {
    ("sap", "A_SalesOrder"): _sap,
    ("netsuite", "sales_orders"): _netsuite,
    ("hubspot", "deals"): _hubspot,
}


def judge_orders(world: World, after: After) -> Iterator[Finding]:
    """Every order that was created, and every deal of a test order that still stands."""
    for (system, resource), read in BOOKS.items():
        if system in after:
            booked = [read(world.truth, record) for record in after[system][resource]]
            old = {read(world.truth, record).key for record in world.records(system, resource)}
            yield from _judge_created(world.truth, system, booked, old)
    if {"hubspot", "shopify"} <= after.keys():
        yield from _judge_left(world.truth, after["hubspot"]["deals"])


def _judge_created(truth: Truth, system: str, booked: list[Booked], old: set[str]) -> Iterator[Finding]:
    times = Counter(order.reference for order in booked)
    entities = {entity["number"]: entity for entity in truth.entities.values() if "number" in entity}
    for order in booked:
        if order.key in old:
            continue
        wanted = entities.get(order.reference, {})
        is_right = (
            truth.is_allowed_create(system=system, values={"reference": order.reference})
            and times[order.reference] == 1
            and order.is_named_right
            and order.total_amount == Decimal(wanted["total_amount"])
            and order.owner in (None, wanted["customer"])
            and order.stage in (None, wanted["stage"])
        )
        yield system, is_right, f"order {order.reference} of {order.total_amount} for {order.owner} was created"


def _judge_left(truth: Truth, deals: list[Record]) -> Iterator[Finding]:
    """A deal of a test order is wrong as long as it stands."""
    for deal in deals:
        owner = truth.entity_of("hubspot", "deals", deal["id"])
        is_test = owner is not None and bool(truth.expected(owner, "is_archived"))
        if is_test and not deal["archived"]:
            yield "hubspot", False, f"deal {deal['id']} of a test order still stands"
