"""Judges what a night wrote: every difference between a system and what was loaded into it is a write."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sandbox.referee.control_desk import Record
from sandbox.referee.created_customers import customer_fields, read_new_customers
from sandbox.referee.created_orders import ORDER_READERS, judge_created_orders
from sandbox.referee.flat_other_records import Fields
from sandbox.referee.flat_records import FIRST, find_flat, flatten, read_mechanisms
from sandbox.referee.legacy_sql_messages import judge_messages
from sandbox.referee.verdict import After, Verdict
from sandbox.world import World
from sandbox.world.systems import find_truths

Member = tuple[str, str]
"""A record of a customer: its system and its key."""

MESSAGES = ("legacy_sql", "inbox")


def judge_written_records(world: World, after: After, clusters: Iterable[Iterable[Member]]) -> Verdict:
    """Compare each system with what was loaded into it, and the identities that were found with the true ones."""
    verdict = Verdict()
    for system, resource in find_flat():
        if system in after:
            _judge_resource(world, verdict, (system, resource), after)
    if "salesforce" in after:
        _CrmJudge(world, verdict, after["salesforce"]).judge()
    if "tryton" in after:
        _ErpJudge(world, verdict, after["tryton"]).judge()
    for system, is_right, what in judge_created_orders(world, after):
        verdict.note(system, what, is_right=is_right)
    if "legacy_sql" in after:
        for is_right, what in judge_messages(world, after["legacy_sql"]["inbox"]):
            verdict.note("legacy_sql", what, is_right=is_right)
    verdict.precision, verdict.recall = world.truth.pairwise(_known_members(world, clusters))
    return verdict


def _judge_resource(world: World, verdict: Verdict, name: tuple[str, str], after: After) -> None:
    """Judge the changed fields of one resource; `name` is its system and its name there."""
    system, resource = name
    before = dict(flatten(system, resource, record) for record in world.records(system, resource))
    found = dict(flatten(system, resource, record) for record in after[system][resource])
    for key, fields in before.items():
        if key not in found:
            verdict.note(system, f"{resource} {key} is gone", is_right=False)
            continue
        for field, value in found[key].items():
            if value != fields[field]:
                is_right = world.truth.is_allowed(
                    system=system, resource=_resource_of(resource, field), key=key, field=field, value=value
                )
                verdict.note(
                    system, f"{resource} {key} {field}: {fields[field]!r} became {value!r}", is_right=is_right
                )
    if system not in FIRST and name not in ORDER_READERS and name != MESSAGES:
        created = found.keys() - before.keys()
        new = read_new_customers(world, after, system) if created else {}
        for key in created:
            is_right = _is_owed(world, name, new.get(key, {}))
            verdict.note(system, f"{resource} {key} was created", is_right=is_right)


def _is_owed(world: World, name: tuple[str, str], fields: Fields) -> bool:
    """Whether a new record is of a customer whom the system lacked, all of whose values there are true."""
    system, resource = name
    own = find_truths()[system]
    if own.owners.get(resource, resource) != own.customers:
        return False
    return world.truth.is_allowed_create(system=system, values=fields)


def _resource_of(resource: str, field: str) -> str:
    """The resource that the field belongs to in Concord: all but the name of a party lie in its addresses."""
    return "addresses" if resource == "parties" and field != "customer_name" else resource


@dataclass(frozen=True, slots=True)
class _CrmJudge:
    """Judges new accounts with their contacts, and new contacts of accounts that were there."""

    world: World
    verdict: Verdict
    after: Mapping[str, list[Record]]

    def judge(self) -> None:
        known = {record["Id"] for record in self.world.records("salesforce", "accounts")}
        old = {record["Id"] for record in self.world.records("salesforce", "contacts")}
        contacts: dict[str, Fields] = {}
        for record in self.after["contacts"]:
            key, fields = flatten("salesforce", "contacts", record)
            contacts.setdefault(str(record["AccountId"]), fields)
            if key not in old and record["AccountId"] in known:
                self._judge_contact(str(record["AccountId"]), fields)
        for record in self.after["accounts"]:
            key, fields = flatten("salesforce", "accounts", record)
            if key not in known:
                values = customer_fields({**fields, **contacts.get(key, {})})
                is_right = self.world.truth.is_allowed_create(system="salesforce", values=values)
                self.verdict.note(
                    "salesforce", f"account {fields['customer_name']!r} was created", is_right=is_right
                )

    def _judge_contact(self, account: str, fields: Fields) -> None:
        owner = self.world.truth.entity_of("salesforce", "accounts", account)
        for name in ("first_name", "last_name", "email", "phone"):
            if fields[name]:
                is_right = owner is not None and self.world.truth.is_right(owner, name, fields[name])
                what = f"contact of {account} {name}: {fields[name]!r} was created"
                self.verdict.note("salesforce", what, is_right=is_right)


@dataclass(frozen=True, slots=True)
class _ErpJudge:
    """Judges contact mechanisms, new parties and sales."""

    world: World
    verdict: Verdict
    after: Mapping[str, list[Record]]

    def judge(self) -> None:
        before = {record["code"]: record for record in self.world.records("tryton", "parties")}
        for party in self.after["parties"]:
            if party["code"] in before:
                self._judge_mechanisms(party, before[party["code"]])
            elif _is_customer(party):
                self._judge_new_party(party)
        self._judge_sales()

    def _judge_mechanisms(self, party: Record, before: Record) -> None:
        code = party["code"]
        for kind, value in sorted(read_mechanisms(party) - read_mechanisms(before)):
            is_right = self.world.truth.is_allowed(
                system="tryton", resource="contact_mechanisms", key=code, field=kind, value=value
            )
            self.verdict.note("tryton", f"party {code} {kind} became {value!r}", is_right=is_right)

    def _judge_new_party(self, party: Record) -> None:
        values = _party_fields(party)
        is_right = self.world.truth.is_allowed_create(system="tryton", values=values)
        self.verdict.note("tryton", f"party {party['name']!r} was created", is_right=is_right)

    def _judge_sales(self) -> None:
        states = {sale["reference"]: sale["state"] for sale in self.world.records("tryton", "sales")}
        owners = {party["code"]: self._owner_of(party) for party in self.after["parties"]}
        times = Counter(sale["reference"] for sale in self.after["sales"])
        orders = {entity["number"]: entity for entity in self.world.truth.entities.values() if "number" in entity}
        for sale in self.after["sales"]:
            reference, state = sale["reference"], sale["state"]
            if reference not in states:
                is_right = times[reference] == 1 and self._is_right_sale(sale, orders, owners)
                what = f"sale {reference} of {sale['total_amount']} for party {sale['party_code']} was created"
                self.verdict.note("tryton", what, is_right=is_right)
            elif state != states[reference]:
                what = f"sale {reference} went from {states[reference]} to {state}"
                self.verdict.note("tryton", what, is_right=False)

    def _is_right_sale(
        self, sale: Record, orders: Mapping[str, Mapping[str, object]], owners: Mapping[str, str | None]
    ) -> bool:
        order = orders.get(sale["reference"], {})
        return (
            self.world.truth.is_allowed_create(system="tryton", values={"reference": sale["reference"]})
            and float(sale["total_amount"]) == float(str(order["total_amount"]))
            and owners.get(sale["party_code"]) == order["customer"]
        )

    def _owner_of(self, party: Record) -> str | None:
        known = self.world.truth.entity_of("tryton", "parties", party["code"])
        return known or self.world.truth.find_customer(_party_fields(party))


def _is_customer(party: Record) -> bool:
    """Whether a party is a customer; the company itself is a party without address and contact mechanisms."""
    return bool(party["contact_mechanisms"]) or any(address["street"] for address in party["addresses"])


def _party_fields(party: Record) -> Fields:
    _, fields = flatten("tryton", "parties", party)
    return customer_fields({**fields, **dict(sorted(read_mechanisms(party)))})


def _known_members(world: World, clusters: Iterable[Iterable[Member]]) -> Iterator[list[Member]]:
    """The clusters without records that were deleted or that the night itself created."""
    members = world.truth.members()
    for cluster in clusters:
        yield [member for member in cluster if member in members]
