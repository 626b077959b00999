"""Holds the wholesale department's orders at the CRM against the world, and the breaks that were found."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import LiteralString

from concord.demo.breaks import Break, BreakVerdict
from concord.demo.other_records import Fields, Record
from concord.demo.records import flatten
from concord.demo.verdict import After, Verdict
from concord.store.engine import PLANNER, Database
from sandbox.world import World
from sandbox.world.wholesale import (
    WholesaleOrder,
    crm_amount,
    has_to_wait,
    is_in_crm,
    is_owed_to_crm,
    make_wholesale_orders,
    run_of,
)

CRM, HOST = "salesforce", "ibm_i"
PARTNERS = frozenset({CRM, HOST, "tryton", "shopify"})
SETTLING = timedelta(hours=72)
# Those that a night put right are closed, and were found all the same.
_FOUND: LiteralString = """
    select golden_id, cause from marts.discrepancies where entity = 'wholesale_order' and cause <> 'timing'
"""
_WAITING = frozenset({"in_review", "quarantined", "unknown_customer"})


def check_wholesale(world: World, systems: Collection[str], database: Database) -> BreakVerdict:
    """Compare what was found on any night with what the world planted, where all it takes is in use."""
    if not set(systems) >= PARTNERS:
        return BreakVerdict()
    with database.transaction(PLANNER) as connection:
        found = {_named(str(number), str(cause)) for number, cause in connection.execute(_FOUND)}
    return BreakVerdict.of(_planted(world), found)


def _named(number: str, cause: str) -> Break:
    """An order that waits is missing, whatever it waits for."""
    return "wholesale_order", number, "missing_record" if cause in _WAITING else cause


def _planted(world: World) -> Iterator[Break]:
    settings, now = world.settings, datetime.now(UTC)
    for order in make_wholesale_orders(settings):
        is_settled = run_of(settings, order.ordered_at)[1] < now - SETTLING
        if is_owed_to_crm(settings, order) and (is_settled or has_to_wait(order.customer)):
            yield _named(str(order.number), "missing_record")
        if is_in_crm(settings, order) and crm_amount(order) != order.total_amount:
            yield _named(str(order.number), "amount")


def judge_wholesale(world: World, verdict: Verdict, after: After) -> None:
    """Each order of the department is there once and right; nothing that is owed is left out or invented."""
    if CRM not in after:
        return
    orders, is_complete = after[CRM]["orders"], after.keys() >= PARTNERS
    held = [record for record in orders if record.get("Wholesale_Order__c") and not record["IsDeleted"]]
    found = {str(record["Wholesale_Order__c"]): record for record in held}
    times = Counter(str(record["Wholesale_Order__c"]) for record in held)
    for order in make_wholesale_orders(world.settings):
        number = str(order.number)
        record = found.pop(number, None)
        if record is not None:
            _judge_one(world, verdict, after, (order, record, times[number]))
        elif is_in_crm(world.settings, order):
            verdict.note(CRM, is_right=False, what=f"wholesale order {number} is gone")
        elif is_complete and is_owed_to_crm(world.settings, order) and not has_to_wait(order.customer):
            verdict.note(CRM, is_right=False, what=f"wholesale order {number} was not created")
    for number in found:
        verdict.note(CRM, is_right=False, what=f"wholesale order {number}, which nobody gave, was created")


def _judge_one(world: World, verdict: Verdict, after: After, told: tuple[WholesaleOrder, Record, int]) -> None:
    """One that was there may say the right amount by now; one that was created belongs to its company."""
    order, record, times = told
    amount = Decimal(str(record["Wholesale_Amount__c"]))
    is_right = amount == order.total_amount and times == 1
    if is_in_crm(world.settings, order):
        if amount != crm_amount(order) or times != 1:
            what = f"wholesale order {order.number} says {amount}, {times} times"
            verdict.note(CRM, is_right=is_right, what=what)
        return
    owner = _owner_of(world, after, str(record["AccountId"]))
    is_owed = is_owed_to_crm(world.settings, order) and owner == order.customer.world_id
    what = f"wholesale order {order.number} of {amount} for account {record['AccountId']} was created"
    verdict.note(CRM, is_right=is_right and is_owed, what=what)


def _owner_of(world: World, after: After, account: str) -> str | None:
    """Whose account it is, also of one that was created."""
    known = world.truth.entity_of(CRM, "accounts", account)
    if known is not None:
        return known
    values: Fields = {}
    for resource, name in (("accounts", "Id"), ("contacts", "AccountId")):
        for record in after[CRM][resource]:
            if record[name] == account:
                values |= flatten(CRM, resource, record)[1]
    return world.truth.find_customer(values)
