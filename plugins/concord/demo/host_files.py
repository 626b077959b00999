"""Holds the files of ours that the wholesale department's host finds against the world: answers and requests."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import LiteralString

from concord.demo.other_records import Record
from concord.demo.verdict import After, Verdict
from concord.demo.wholesale import CRM, HOST, PARTNERS
from concord.store.engine import PLANNER, Database
from sandbox.world import World
from sandbox.world.customers import make_customer
from sandbox.world.orders import Order, make_orders
from sandbox.world.wholesale import (
    FIRST_ORDER,
    count_orders,
    customer_number,
    is_for_host,
    is_handed_over,
    is_in_crm,
    make_wholesale_order,
)

HOST_RESOURCES = ("acknowledgements", "order_requests")
_ANSWERS: LiteralString = """
    select count(*) from ops.changes as change inner join ops.plans as plan on plan.plan_id = change.plan_id
    where plan.system = 'ibm_i' and change.resource = 'acknowledgements' and plan.plan_id = any(%s)
"""


def count_answers(database: Database, plan_ids: Collection[str]) -> int:
    """How many changes of these plans tell the host what became of its orders."""
    with database.transaction(PLANNER) as connection:
        row = connection.execute(_ANSWERS, (list(plan_ids),)).fetchone()
    return int(str(row[0])) if row else 0


def judge_host_files(world: World, verdict: Verdict, after: After) -> None:
    """What we sent is right and was sent once."""
    if not {CRM, HOST} <= after.keys():
        return
    _judge_answers(world, verdict, after)
    _judge_requests(world, verdict, after)


def _new(records: Iterable[Record], known: Counter[str], name: str) -> Iterator[Record]:
    """Those beyond what the world had sent; its own come first."""
    for record in records:
        if known[str(record[name])] > 0:
            known[str(record[name])] -= 1
        else:
            yield record


def _judge_answers(world: World, verdict: Verdict, after: After) -> None:
    """A new answer accepts an order under the number that the CRM has for it, and is new only where it must be."""
    known = Counter(str(told["order_number"]) for told in world.records(HOST, "acknowledgements"))
    said = {
        str(record["Wholesale_Order__c"]): str(record["OrderNumber"])
        for record in after[CRM]["orders"]
        if record.get("Wholesale_Order__c")
    }
    news = list(_new(after[HOST]["acknowledgements"], known, "ORDNO"))
    times = Counter(str(answer["ORDNO"]) for answer in news)
    for answer in news:
        number = str(answer["ORDNO"])
        is_right = (
            (answer["ACKSTS"], answer["CRMNO"]) == ("AC", said.get(number))
            and times[number] == 1
            and not _was_in_crm(world, int(number) - FIRST_ORDER)
        )
        verdict.note(HOST, is_right=is_right, what=f"order {number} was answered {answer['ACKSTS']}")


def _was_in_crm(world: World, index: int) -> bool:
    settings = world.settings
    return index < count_orders(settings) and is_in_crm(settings, make_wholesale_order(settings, index))


def _judge_requests(world: World, verdict: Verdict, after: After) -> None:
    settings = world.settings
    known = Counter(str(told["reference"]) for told in world.records(HOST, "order_requests"))
    news = list(_new(after[HOST]["order_requests"], known, "REFNO"))
    times = Counter(str(request["REFNO"]) for request in news)
    owed = {
        order.number: order
        for order in make_orders(settings)
        if is_for_host(settings, order) and not is_handed_over(settings, order)
    }
    for request in news:
        number = str(request["REFNO"])
        order = owed.get(number)
        is_right = order is not None and times[number] == 1 and _says(world, request, order)
        verdict.note(HOST, is_right=is_right, what=f"order {number} was handed over")
    for number in owed.keys() - times.keys() if after.keys() >= PARTNERS else ():
        verdict.note(HOST, is_right=False, what=f"order {number} was not handed over")


def _says(world: World, request: Record, order: Order) -> bool:
    """Whether the request is the order: its company, its lines, its sum."""
    company = make_customer(world.settings, order.customer_index)
    lines = sorted((line["ITEMNO"], line["QTY"], line["UNTPRC"]) for line in request["lines"])
    sold = sorted((line.product.sku, Decimal(line.quantity), line.unit_price) for line in order.lines)
    return (
        int(request["CUSNO"]) == customer_number(company)
        and request["ORDTOT"] == order.total_amount
        and lines == sold
    )
