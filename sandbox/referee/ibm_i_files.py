"""Judges the files that Concord sent to the IBM i host: acknowledgements of orders, and requests of new ones."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import LiteralString

from concord.store.engine import PLANNER, Database
from sandbox.referee.control_desk import Record
from sandbox.referee.verdict import After, Verdict
from sandbox.referee.wholesale_orders import CRM, HOST
from sandbox.world import World
from sandbox.world.customers import make_customer
from sandbox.world.orders import Order, make_orders
from sandbox.world.records import ERP, SHOP
from sandbox.world.wholesale import (
    FIRST_ORDER,
    count_orders,
    customer_number,
    is_for_host,
    is_handed_over,
    is_in_crm,
    make_wholesale_order,
)

HANDING_OVER = frozenset({HOST, ERP, SHOP})
IBM_I_RESOURCES = ("acknowledgements", "order_requests")
_ACKNOWLEDGEMENTS: LiteralString = """
    select count(*) from ops.changes as change inner join ops.plans as plan on plan.plan_id = change.plan_id
    where plan.system = 'ibm_i' and change.resource = 'acknowledgements' and plan.plan_id = any(%s)
"""


def count_acknowledgements(database: Database, plan_ids: Collection[str]) -> int:
    """How many changes of these plans acknowledge orders of the host."""
    with database.transaction(PLANNER) as connection:
        row = connection.execute(_ACKNOWLEDGEMENTS, (list(plan_ids),)).fetchone()
    return int(str(row[0])) if row else 0


def judge_ibm_i_files(world: World, verdict: Verdict, after: After) -> None:
    """Note every acknowledgement and request that was sent, and every request that is missing."""
    if not {CRM, HOST} <= after.keys():
        return
    _judge_acknowledgements(world, verdict, after)
    _judge_requests(world, verdict, after)


def _new(records: Iterable[Record], known: Counter[str], name: str) -> Iterator[Record]:
    """The records that the world had not sent; `name` is the field of their key, and old records come first."""
    for record in records:
        if known[str(record[name])] > 0:
            known[str(record[name])] -= 1
        else:
            yield record


def _judge_acknowledgements(world: World, verdict: Verdict, after: After) -> None:
    """A right acknowledgement accepts, once, an order that is new in the CRM, under its number there."""
    known = Counter(str(record["order_number"]) for record in world.records(HOST, "acknowledgements"))
    numbers = {
        str(record["Wholesale_Order__c"]): str(record["OrderNumber"])
        for record in after[CRM]["orders"]
        if record.get("Wholesale_Order__c")
    }
    sent = list(_new(after[HOST]["acknowledgements"], known, "ORDNO"))
    times = Counter(str(record["ORDNO"]) for record in sent)
    for record in sent:
        number = str(record["ORDNO"])
        is_right = (
            (record["ACKSTS"], record["CRMNO"]) == ("AC", numbers.get(number))
            and times[number] == 1
            and not _was_in_crm(world, int(number) - FIRST_ORDER)
        )
        verdict.note(HOST, f"order {number} was acknowledged as {record['ACKSTS']}", is_right=is_right)


def _was_in_crm(world: World, index: int) -> bool:
    settings = world.settings
    return index < count_orders(settings) and is_in_crm(settings, make_wholesale_order(settings, index))


def _judge_requests(world: World, verdict: Verdict, after: After) -> None:
    settings = world.settings
    known = Counter(str(record["reference"]) for record in world.records(HOST, "order_requests"))
    sent = list(_new(after[HOST]["order_requests"], known, "REFNO"))
    times = Counter(str(request["REFNO"]) for request in sent)
    owed = {
        order.number: order
        for order in make_orders(settings)
        if is_for_host(settings, order) and not is_handed_over(settings, order)
    }
    for request in sent:
        number = str(request["REFNO"])
        order = owed.get(number)
        is_right = order is not None and times[number] == 1 and _is_request_of(world, request, order)
        verdict.note(HOST, f"order {number} was handed over", is_right=is_right)
    for number in owed.keys() - times.keys() if after.keys() >= HANDING_OVER else ():
        verdict.note(HOST, f"order {number} was not handed over", is_right=False)


def _is_request_of(world: World, request: Record, order: Order) -> bool:
    """Whether the request has the company, the lines and the total of the order."""
    company = make_customer(world.settings, order.customer_index)
    lines = sorted((line["ITEMNO"], line["QTY"], line["UNTPRC"]) for line in request["lines"])
    sold = sorted((line.product.sku, Decimal(line.quantity), line.unit_price) for line in order.lines)
    return (
        int(request["CUSNO"]) == customer_number(company)
        and request["ORDTOT"] == order.total_amount
        and lines == sold
    )
