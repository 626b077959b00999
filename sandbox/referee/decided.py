"""What a business decides with the systems it uses: the world's truth, and what the owner of each field says.

The world knows what is so; a business knows what its systems say, and its rules name the system that decides.
Where that one is mistaken, its value is to be written. The rules and roles are those of the project that is run.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

from concord import registry
from concord.contract import System
from concord.rules import read_rules
from concord.stages.reconcile.dbt_variables import rank_systems
from sandbox.referee.flat_other_records import Fields
from sandbox.referee.flat_records import find_flat, flatten, read_mechanisms
from sandbox.referee.order_words import FIRST_STATUS, ORDER_WORDS, STAGE_WORDS, UNTOLD, VAGUE_STATUSES, read_status
from sandbox.world import World
from sandbox.world.records import ERP
from sandbox.world.systems import ADDRESS, PERSON, REACH, find_truths
from sandbox.world.truth import Truth

_CUSTOMER_FIELDS = PERSON | REACH | ADDRESS | {"company_name", "customer_name"}
Values = Mapping[str, Mapping[str, set[str]]]
"""Values by field, by entity."""
Statuses = Mapping[str, Mapping[str, str]]
"""Our status of an order by its number, by system."""


@dataclass(frozen=True)
class DecidedWorld(World):
    """The world as a business with these systems sees it."""

    systems: frozenset[str] = frozenset()

    @cached_property
    def truth(self) -> Truth:
        """The truth, with what the owners decide beside what is so."""
        truth = deepcopy(World(self.settings).truth)
        owners = read_owners(self.systems)
        held = {name: _hold(self, truth, name) for name in self.systems}
        statuses = _read_statuses(self, self.systems)
        for system, first in FIRST_STATUS.items():
            lacking = truth.missing_orders if system == ERP else truth.unbooked_orders.get(system, [])
            if system in statuses:
                statuses[system] |= dict.fromkeys(lacking, first)
        for system, customers in _list_lacking(truth, self.systems).items():
            truth.missing_customers.setdefault(system, []).extend(customers)
        for world_id, entity in truth.entities.items():
            for name in _CUSTOMER_FIELDS & entity.keys():
                values = _decide(owners.get(("customer", name), []), held, world_id, name)
                if name == "last_name" and not values:  # a company of which nobody knows a person
                    owned = owners.get(("customer", "customer_name"), [])
                    values = _decide(owned, held, world_id, "customer_name")
                if values:
                    truth.decided.setdefault(world_id, {})[name] = sorted(values)
            number = entity.get("number")
            said = _decide_status(number, owners.get(("order", "order_status"), []), statuses)
            if said or number is not None:
                said = said or [UNTOLD]
                truth.decided[world_id] = {"status": said, "stage": [STAGE_WORDS[status] for status in said]}
        return truth


def _list_lacking(truth: Truth, systems: Collection[str]) -> dict[str, list[str]]:
    """In a business without a shop, the customers of its ERPs whom each of its CRMs lacks, by world id."""
    by_role = {
        role: {item.vendor or item.name for item in registry.systems() if role in item.roles} & set(systems)
        for role in ("shop", "erp", "crm")
    }
    if by_role["shop"]:
        return {}
    members = truth.members()
    known = {world_id for (system, _), world_id in members.items() if system in by_role["erp"]}
    return {
        crm: sorted(known - {world_id for (system, _), world_id in members.items() if system == crm})
        for crm in by_role["crm"]
    }


def read_owners(systems: Collection[str]) -> dict[tuple[str, str], list[str]]:
    """The vendors whose systems own each field of an entity, the first one first; `systems` are vendors, too."""
    used = rank_systems(item for item in registry.systems() if (item.vendor or item.name) in systems)
    chosen: dict[tuple[str, str], dict[str, tuple[int, int, int]]] = defaultdict(dict)
    for row in read_rules("field_ownership"):
        for item in used:
            place = _place_of(row["system"], item, used)
            if place is None:
                continue
            own, vendor = chosen[row["entity"], row["field"]], item.vendor or item.name
            candidate = (place[0], int(row["ownership_rank"]), place[1])
            own[vendor] = min(own.get(vendor, candidate), candidate)
    return {
        key: sorted(own, key=lambda name, own=own: (own[name][1:], name))  # type: ignore[misc]  # bound at once
        for key, own in chosen.items()
    }


def _place_of(name: str, system: System, used: Sequence[System]) -> tuple[int, int] | None:
    """How near the name of a rule is to a system, and the system's place in the role that it names."""
    if name == system.name:
        return 1, 1
    if name == system.vendor:
        return 2, 1
    if name in system.roles:
        return 3, rank_systems(used, name).index(system) + 1
    return None


def _hold(world: World, truth: Truth, system: str) -> Values:
    """What the customer records of a system say."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    own = find_truths().get(system)
    for name, resource in find_flat():
        if name != system or own is None:
            continue
        for record in world.records(system, resource):
            key, fields = flatten(system, resource, record)
            named = _name(fields) if resource == own.customers else {}
            pairs = [*{**named, **fields}.items(), *(read_mechanisms(record) if resource == "parties" else ())]
            world_id = truth.entity_of(system, own.owners.get(resource, resource), key)
            for field, value in pairs:
                if world_id and value and field in _CUSTOMER_FIELDS:
                    found[world_id][field].add(str(value))
    return found


def _name(fields: Fields) -> Fields:
    """The whole name of a record's customer, under both names of the field."""
    person = " ".join(part for name in ("first_name", "last_name") if (part := fields.get(name)))
    whole = fields.get("customer_name") or fields.get("company_name") or person
    return {"customer_name": whole, "company_name": whole}


def _decide(owners: list[str], held: Mapping[str, Values], world_id: str, field: str) -> set[str]:
    """The values of the first owner that has one."""
    for name in owners:
        values = held.get(name, {}).get(world_id, {}).get(field)
        if values:
            return set(values)
    return set()


def _decide_status(number: str | None, owners: Sequence[str], statuses: Statuses) -> list[str]:
    """The status that the first owner says of an order; the next one's, too, where its word may mean either."""
    found: list[str] = []
    for name in owners:
        status = statuses.get(name, {}).get(number) if number is not None else None
        if status:
            found.append(status)
            if (name, status) not in VAGUE_STATUSES:
                break
    return found


def find_done_orders(world: World, systems: Collection[str]) -> set[str]:
    """The numbers of the orders that an ERP in use calls done."""
    erps = {item.vendor or item.name for item in registry.systems() if "erp" in item.roles} & set(systems)
    statuses = _read_statuses(world, erps)
    return {number for own in statuses.values() for number, status in own.items() if status == "Completed"}


def _read_statuses(world: World, systems: Collection[str]) -> dict[str, dict[str, str]]:
    """Our status of each order by its number, for each system that says one."""
    found: dict[str, dict[str, str]] = {}
    for (system, resource), words in ORDER_WORDS.items():
        if system in systems:
            read = (read_status(system, record) for record in world.records(system, resource))
            found[system] = {number: words[word] for number, word in read if word in words}
    return found
