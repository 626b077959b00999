"""Judges the wholesale orders in the CRM, and the breaks that Concord found between the CRM and the host."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import LiteralString

from concord.store.engine import PLANNER, Database
from sandbox.referee.break_verdict import Break, BreakVerdict
from sandbox.referee.control_desk import Record
from sandbox.referee.flat_other_records import Fields
from sandbox.referee.flat_records import flatten
from sandbox.referee.verdict import After, Verdict
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
SETTLING_TIME = timedelta(hours=72)
# Breaks that a night corrected are closed, and count as found.
_FOUND: LiteralString = """
    select golden_id, cause from marts.discrepancies where entity = 'wholesale_order' and cause <> 'timing'
"""
_WAITING = frozenset({"in_review", "quarantined", "unknown_customer"})


def check_wholesale(world: World, systems: Collection[str], database: Database) -> BreakVerdict:
    """Compare the breaks of all nights with the planted ones; empty unless all of PARTNERS are in use."""
    if not set(systems) >= PARTNERS:
        return BreakVerdict()
    with database.transaction(PLANNER) as connection:
        found = {_named(str(number), str(cause)) for number, cause in connection.execute(_FOUND)}
    return BreakVerdict.of(_planted(world), found)


def _named(number: str, cause: str) -> Break:
    """The break of one order; an order that waits for a person counts as missing, whatever it waits for."""
    return "wholesale_order", number, "missing_record" if cause in _WAITING else cause


def _planted(world: World) -> Iterator[Break]:
    settings, now = world.settings, datetime.now(UTC)
    for order in make_wholesale_orders(settings):
        is_settled = run_of(settings, order.ordered_at)[1] < now - SETTLING_TIME
        if is_owed_to_crm(settings, order) and (is_settled or has_to_wait(order.customer)):
            yield _named(str(order.number), "missing_record")
        if is_in_crm(settings, order) and crm_amount(order) != order.total_amount:
            yield _named(str(order.number), "amount")


def judge_wholesale(world: World, verdict: Verdict, after: After) -> None:
    """Note every wholesale order that was created, changed, lost, left out or invented in the CRM."""
    if CRM not in after:
        return
    orders, is_complete = after[CRM]["orders"], after.keys() >= PARTNERS
    held = [record for record in orders if record.get("Wholesale_Order__c") and not record["IsDeleted"]]
    found = {str(record["Wholesale_Order__c"]): record for record in held}
    times = Counter(str(record["Wholesale_Order__c"]) for record in held)
    for order in make_wholesale_orders(world.settings):
        number = str(order.number)
        record = found.pop(number, None)
        if record is None:
            if is_in_crm(world.settings, order):
                verdict.note(CRM, f"wholesale order {number} is gone", is_right=False)
            elif is_complete and is_owed_to_crm(world.settings, order) and not has_to_wait(order.customer):
                verdict.note(CRM, f"wholesale order {number} was not created", is_right=False)
        elif is_in_crm(world.settings, order):
            _judge_known(verdict, order, record, times=times[number])
        else:
            is_owed = is_owed_to_crm(world.settings, order)
            is_owners = _owner_of(world, after, str(record["AccountId"])) == order.customer.world_id
            _judge_created(verdict, order, record, is_right=times[number] == 1 and is_owed and is_owners)
    for number in found:
        verdict.note(CRM, f"wholesale order {number}, which the host does not have, was created", is_right=False)


def _judge_known(verdict: Verdict, order: WholesaleOrder, record: Record, *, times: int) -> None:
    """An order that was there may have the right amount by now."""
    amount = _amount_of(record)
    if amount != crm_amount(order) or times != 1:
        what = f"wholesale order {order.number} has the amount {amount}, {times} times"
        verdict.note(CRM, what, is_right=amount == order.total_amount and times == 1)


def _judge_created(verdict: Verdict, order: WholesaleOrder, record: Record, *, is_right: bool) -> None:
    """An order that was created must have the right amount, too."""
    amount = _amount_of(record)
    what = f"wholesale order {order.number} of {amount} for account {record['AccountId']} was created"
    verdict.note(CRM, what, is_right=is_right and amount == order.total_amount)


def _amount_of(record: Record) -> Decimal:
    return Decimal(str(record["Wholesale_Amount__c"]))


def _owner_of(world: World, after: After, account: str) -> str | None:
    """The entity that owns the account, also of an account that the night created; None where no one fits."""
    known = world.truth.entity_of(CRM, "accounts", account)
    if known is not None:
        return known
    values: Fields = {}
    for resource, name in (("accounts", "Id"), ("contacts", "AccountId")):
        for record in after[CRM][resource]:
            if record[name] == account:
                values |= flatten(CRM, resource, record)[1]
    return world.truth.find_customer(values)
