"""Judges a night: compares what the systems hold afterwards, and what Concord found, with the world."""

from collections import defaultdict
from collections.abc import Mapping
from typing import LiteralString

from concord import registry
from concord.errors import NetworkError
from concord.reporting.model import Report
from concord.store.engine import PLANNER, Database
from sandbox.referee.control_desk import Record
from sandbox.referee.dead_letters import check_dead_letters
from sandbox.referee.decided import DecidedWorld
from sandbox.referee.flat_records import find_flat
from sandbox.referee.ibm_i_files import IBM_I_RESOURCES, count_acknowledgements, judge_ibm_i_files
from sandbox.referee.order_to_cash import check_order_to_cash
from sandbox.referee.verdict import Verdict
from sandbox.referee.wholesale_orders import HOST, check_wholesale, judge_wholesale
from sandbox.referee.written_records import Member, judge_written_records
from sandbox.staged_system import StagedSystem
from sandbox.staging import vendors_of
from sandbox.world import World
from sandbox.world.records import ERP

_IDENTITIES: LiteralString = "select golden_id, system, record_key from ops.identities where entity = 'customer'"


def judge_night(world: World, systems: Mapping[str, StagedSystem], database: Database) -> Verdict:
    """Compare the systems as they are now, and the warehouse, with the world as the business sees it."""
    vendors = vendors_of(systems)
    world = DecidedWorld(world.settings, frozenset(vendors.values()))
    after, unread = _read_all(systems, vendors)
    codes = {str(party["id"]): str(party["code"]) for party in after.get(ERP, {}).get("parties", [])}
    verdict = judge_written_records(world, after, read_clusters(database, codes, vendors))
    judge_wholesale(world, verdict, after)
    judge_ibm_i_files(world, verdict, after)
    verdict.unread = unread
    verdict.unjudged = unjudged_systems()
    verdict.order_to_cash = check_order_to_cash(world, world.systems, database)
    verdict.wholesale = check_wholesale(world, world.systems, database)
    verdict.dead_letters = check_dead_letters(world, vendors, database)
    return verdict


def _read_all(
    systems: Mapping[str, StagedSystem], vendors: Mapping[str, str]
) -> tuple[dict[str, dict[str, list[Record]]], list[str]]:
    """What the systems hold now, by vendor, and those that cannot be read; several of one vendor count as one."""
    after: dict[str, dict[str, list[Record]]] = {}
    unread = []
    resources = judged_resources()
    for name in [name for name in systems if vendors[name] in resources]:
        try:
            held = systems[name].read(resources[vendors[name]])
        except NetworkError:
            unread.append(name)
            continue
        of_vendor = after.setdefault(vendors[name], {})
        for resource, records in held.items():
            of_vendor.setdefault(resource, []).extend(records)
    return after, unread


def unjudged_systems() -> list[str]:
    """The systems that Concord writes to and whose records the referee cannot judge."""
    written = [(system.name, system.vendor or system.name) for system in registry.written_systems()]
    return [name for name, vendor in written if vendor not in judged_resources()]


def judged_resources() -> dict[str, tuple[str, ...]]:
    """The resources whose records the referee reads, by vendor."""
    flat = find_flat()
    found = {vendor: tuple(resource for name, resource in flat if name == vendor) for vendor, _ in flat}
    return {**found, ERP: (*found[ERP], "sales"), HOST: IBM_I_RESOURCES}


def read_clusters(database: Database, codes: Mapping[str, str], vendors: Mapping[str, str]) -> list[list[Member]]:
    """The records that Concord took for one customer, by vendor; `codes` gives the code of a party by its id."""
    clusters: dict[str, list[Member]] = defaultdict(list)
    with database.transaction(PLANNER) as connection:
        for golden_id, system, key in connection.execute(_IDENTITIES):
            name = codes.get(str(key), str(key)) if system == ERP else str(key)
            clusters[str(golden_id)].append((vendors.get(str(system), str(system)), name))
    return list(clusters.values())


def count_planned_again(report: Report, database: Database) -> int:
    """How many changes a later night planned, without acknowledgements of orders that an earlier one created."""
    planned = sum(plan.planned for plan in report.plans)
    return planned - count_acknowledgements(database, [plan.plan_id for plan in report.plans])
