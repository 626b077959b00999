"""Judges the wholesale orders in the CRM, and the breaks that Concord found between the CRM and the host."""

from collections import Counter
from collections.abc import Collection, Container, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import LiteralString

from concord import registry
from concord.store.engine import PLANNER, Database
from sandbox.referee.break_verdict import Break, BreakVerdict
from sandbox.referee.control_desk import Record
from sandbox.referee.flat_other_records import Fields
from sandbox.referee.flat_records import find_flat, flatten
from sandbox.referee.verdict import After, Verdict
from sandbox.world import World, slots
from sandbox.world.records import ERP, SHOP
from sandbox.world.systems import find_truths
from sandbox.world.wholesale import (
    WholesaleOrder,
    crm_amount,
    is_in_crm,
    is_owed_to_crm,
    make_wholesale_orders,
    run_of,
)

CRM, HOST = "salesforce", "ibm_i"
PARTNERS = frozenset({CRM, HOST})
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
    waiting = find_waiting(world, systems)
    with database.transaction(PLANNER) as connection:
        found = {_named(str(number), str(cause)) for number, cause in connection.execute(_FOUND)}
    return BreakVerdict.of(_planted(world, waiting), found)


def _named(number: str, cause: str) -> Break:
    """The break of one order; an order that waits for a person counts as missing, whatever it waits for."""
    return "wholesale_order", number, "missing_record" if cause in _WAITING else cause


def find_waiting(world: World, systems: Collection[str]) -> set[str]:
    """The companies of which it is not yet known to which account of the CRM their orders belong, by world id.

    An ERP tells the number by which the host knows a company, or the CRM quotes it; an account is there, or is
    created from the shop, or in a business without a shop from the ERP.
    """
    erps = {item.vendor or item.name for item in registry.systems() if "erp" in item.roles} & set(systems)
    sources = {CRM, SHOP} if SHOP in systems else {CRM, *erps}
    reachable = {world_id for (system, _), world_id in world.truth.members().items() if system in sources}
    telling = {CRM, *erps} & find_truths().keys()
    numbered = {world_id for system in telling for world_id in _find_numbered(world, system)}
    return {
        company.world_id
        for company in {order.customer for order in make_wholesale_orders(world.settings)}
        if company.world_id not in reachable & numbered or company.slot in {*slots.REVIEW, *slots.BROKEN_COUNTRY}
    }


def _find_numbered(world: World, system: str) -> Iterator[str]:
    """The customers whose records in a system have a number, by world id; a party of Tryton always has one."""
    own = find_truths()[system]
    for resource in [resource for name, resource in find_flat() if name == system]:
        if own.owners.get(resource, resource) != own.customers:
            continue
        for record in world.records(system, resource):
            key, fields = flatten(system, resource, record)
            world_id = world.truth.entity_of(system, own.customers, key)
            if world_id and (system == ERP or fields.get("account_number")):
                yield world_id


def _planted(world: World, waiting: Container[str]) -> Iterator[Break]:
    settings, now = world.settings, datetime.now(UTC)
    for order in make_wholesale_orders(settings):
        is_settled = run_of(settings, order.ordered_at)[1] < now - SETTLING_TIME
        if is_owed_to_crm(settings, order) and (is_settled or order.customer.world_id in waiting):
            yield _named(str(order.number), "missing_record")
        if is_in_crm(settings, order) and crm_amount(order) != order.total_amount:
            yield _named(str(order.number), "amount")


def judge_wholesale(world: World, verdict: Verdict, after: After) -> None:
    """Note every wholesale order that was created, changed, lost, left out or invented in the CRM."""
    if CRM not in after:
        return
    orders, is_complete = after[CRM]["orders"], after.keys() >= PARTNERS
    waiting = find_waiting(world, after)
    held = [record for record in orders if record.get("Wholesale_Order__c") and not record["IsDeleted"]]
    found = {str(record["Wholesale_Order__c"]): record for record in held}
    times = Counter(str(record["Wholesale_Order__c"]) for record in held)
    for order in make_wholesale_orders(world.settings):
        number = str(order.number)
        record = found.pop(number, None)
        if record is None:
            if is_in_crm(world.settings, order):
                verdict.note(CRM, f"wholesale order {number} is gone", is_right=False)
            elif is_complete and is_owed_to_crm(world.settings, order) and order.customer.world_id not in waiting:
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
