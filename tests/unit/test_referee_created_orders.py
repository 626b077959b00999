"""Orders that a night creates in SAP, in the ledger and as deals are compared with the world, one by one."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.referee.decided import DecidedWorld
from sandbox.referee.flat_records import FLAT
from sandbox.referee.written_records import judge_written_records
from sandbox.vendors.hubspot.world import STAGES, stage_of
from sandbox.vendors.netsuite.world import customer_id
from sandbox.vendors.sap.world import partner_number
from sandbox.world import World, generate
from sandbox.world.orders import Order, make_orders

After = dict[str, dict[str, list[Any]]]
Record = dict[str, Any]
New = Callable[[Record, Order], Record]


@pytest.fixture(scope="module")
def world() -> World:
    return generate(7, as_of=datetime(2026, 11, 20, tzinfo=UTC), customers=500, products=20, orders=500)


@pytest.fixture
def after(world: World) -> After:
    """What is held after a night that archived what it must and wrote nothing else."""
    found: After = {}
    for system, resource in FLAT:
        if system in ("shopify", "sap", "netsuite", "hubspot"):
            found.setdefault(system, {})[resource] = deepcopy([*world.records(system, resource)])
    for order in found["sap"]["A_SalesOrder"]:  # as its own database keeps them
        order |= {name: order[name].zfill(10) for name in ("SalesOrder", "SoldToParty")}
    tests = set(world.truth.test_orders)
    for deal in found["hubspot"]["deals"]:
        deal["archived"] = deal["properties"]["shop_order_name"] in tests
    return found


def judged(world: World, after: After) -> list[str]:
    return judge_written_records(world, after, []).wrong


def lacking(world: World, system: str, *, by_new_customer: bool = False) -> Order:
    """The first order that the system lacks, and whose customer it has or lacks."""
    new, unbooked = world.truth.missing_customers.get(system, []), world.truth.unbooked_orders[system]
    lacked = (order for order in make_orders(world.settings) if order.number in unbooked)
    return next(order for order in lacked if (f"customer-{order.customer_index}" in new) == by_new_customer)


def new_sales_order(model: Record, order: Order) -> Record:
    partner = partner_number(order.customer_index)
    return {
        **model,
        "SalesOrder": "7000001",
        "PurchaseOrderByCustomer": order.number,
        "SoldToParty": partner,
        "TotalNetAmount": f"{order.total_amount:.3f}",
    }


def new_ledger_order(model: Record, order: Order) -> Record:
    return {
        **model,
        "id": "9000001",
        "externalId": f"WEB-{order.number[1:]}",
        "otherRefNum": order.number,
        "entity": {"id": customer_id(order.customer_index)},
        "total": float(order.total_amount),
    }


def new_deal(model: Record, order: Order) -> Record:
    properties = {
        "shop_order_name": order.number,
        "amount": str(order.total_amount),
        "dealstage": STAGES[order.state],
        "erp_customer_id": f"P{order.customer_index + 10001}",
    }
    return {**model, "id": "990000000001", "properties": properties, "archived": False}


Case = tuple[str, str, New, Record]
CASES: list[Case] = [
    ("sap", "A_SalesOrder", new_sales_order, {"TotalNetAmount": "0.010"}),
    ("sap", "A_SalesOrder", new_sales_order, {"SoldToParty": "1"}),
    ("netsuite", "sales_orders", new_ledger_order, {"externalId": "WEB-0"}),
    ("netsuite", "sales_orders", new_ledger_order, {"entity": {"id": "1"}}),
    ("hubspot", "deals", new_deal, {"properties": {"amount": "0.01"}}),
    ("hubspot", "deals", new_deal, {"properties": {"dealstage": "cancelled"}}),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{case[0]}-{next(iter(case[3]))}" for case in CASES])
def test_an_order_that_was_lacking_may_be_booked_once_and_only_right(
    world: World, after: After, case: Case
) -> None:
    system, resource, new, fault = case
    records = after[system][resource]
    booked = new(records[0], lacking(world, system))
    records.append(booked)
    assert judged(world, after) == []
    spoilt = {name: {**booked[name], **value} if name == "properties" else value for name, value in fault.items()}
    records[-1] = {**booked, **spoilt}
    assert len(judged(world, after)) == 1
    key = "SalesOrder" if system == "sap" else "id"
    records[-1:] = [booked, {**booked, key: f"{booked[key]}1"}]
    assert len(judged(world, after)) == 2


def test_an_order_that_nobody_lacks_may_not_be_booked(world: World, after: After) -> None:
    booked = {order.number: order for order in make_orders(world.settings)}
    test_order = booked[world.truth.test_orders[0]]
    for system, resource, new in (case[:3] for case in CASES[::2]):
        after[system][resource].append(new(after[system][resource][0], test_order))
    assert len(judged(world, after)) == 3


def test_a_deal_may_move_to_the_stage_of_its_order_and_to_no_other(world: World, after: After) -> None:
    orders = {order.number: order for order in make_orders(world.settings)}
    said = [deal["properties"] for deal in after["hubspot"]["deals"]]
    named = [(properties, orders[properties["shop_order_name"]]) for properties in said]
    late = [pair for pair in named if stage_of(world.settings, pair[1]) != STAGES[pair[1].state]]
    for properties, order in late:
        properties["dealstage"] = STAGES[order.state]
    assert len(late) > 2
    assert judged(world, after) == []
    late[0][0]["dealstage"] = "checkout_pending"
    assert len(judged(world, after)) == 1


def test_only_deals_of_test_orders_are_archived_and_all_of_them(world: World, after: After) -> None:
    deals = after["hubspot"]["deals"]
    archived = next(deal for deal in deals if deal["archived"])
    archived["archived"] = False
    assert len(judged(world, after)) == 1
    archived["archived"] = True
    next(deal for deal in deals if not deal["archived"])["archived"] = True
    assert len(judged(world, after)) == 1


def test_an_order_that_only_the_shop_knows_may_be_created_as_a_draft(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_SYSTEMS", "shopify,hubspot")
    decided = DecidedWorld(world.settings, systems=frozenset({"shopify", "hubspot"})).truth
    known = {record["properties"]["shop_order_name"] for record in world.records("hubspot", "deals")}
    untold = [
        world_id
        for world_id, entity in decided.entities.items()
        if entity.get("number") and entity["number"] not in known
    ]
    assert len(untold) > 5
    assert {"checkout_completed"} <= set.intersection(*(set(decided.expected(it, "stage")) for it in untold))
