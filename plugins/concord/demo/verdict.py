"""Holds a night against the truth: what was written at the systems, and who was judged to be whom."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from concord.demo.booked_orders import BOOKS, judge_orders
from concord.demo.breaks import BreakVerdict
from concord.demo.messages import judge_messages
from concord.demo.other_records import OTHERS, Fields, Record
from concord.demo.records import FLAT, flatten, read_mechanisms
from sandbox.world import World

After = Mapping[str, Mapping[str, list[Record]]]
Member = tuple[str, str]

MESSAGES = ("legacy_sql", "inbox")
LEAST_AGREEMENT = 0.995
LEAST_PRECISION = 0.999
LEAST_RECALL = 0.97


@dataclass(slots=True)
class Verdict:
    """What is right and what is wrong; `writes` counts fields and new records found changed at the systems.

    `unread` are systems that did not answer, `unknown` those that are written to and not judged.
    """

    writes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    precision: float = 1.0
    recall: float = 1.0
    cash: BreakVerdict = field(default_factory=BreakVerdict)
    wholesale: BreakVerdict = field(default_factory=BreakVerdict)
    letters: BreakVerdict = field(default_factory=BreakVerdict)

    def note(self, system: str, *, is_right: bool, what: str) -> None:
        """Count one write, and name it where it should not have been."""
        self.writes[system] += 1
        if not is_right:
            self.wrong.append(f"{system}: {what}")

    @property
    def is_identity_right(self) -> bool:
        """Whether records were put together well enough."""
        return self.precision >= LEAST_PRECISION and self.recall >= LEAST_RECALL


def judge(world: World, after: After, clusters: Iterable[Iterable[Member]]) -> Verdict:
    """Compare each system with what it held when the world was made; every difference is a write."""
    verdict = Verdict()
    for system, resource in FLAT:
        if system in after:
            before = dict(flatten(system, resource, record) for record in world.records(system, resource))
            _judge_records(world, verdict, (system, resource), before, after[system][resource])
    if "salesforce" in after:
        _judge_accounts(world, verdict, after["salesforce"])
    if "tryton" in after:
        _judge_mechanisms(world, verdict, after["tryton"]["parties"])
        _judge_parties(world, verdict, after["tryton"]["parties"])
        _judge_sales(world, verdict, after["tryton"])
    for system, is_right, what in judge_orders(world, after):
        verdict.note(system, is_right=is_right, what=what)
    if "legacy_sql" in after:
        for is_right, what in judge_messages(world, after["legacy_sql"]["inbox"]):
            verdict.note("legacy_sql", is_right=is_right, what=what)
    verdict.precision, verdict.recall = world.truth.pairwise(_known(world, clusters))
    return verdict


def _judge_records(
    world: World,
    verdict: Verdict,
    place: tuple[str, str],
    before: Mapping[str, Fields],
    records: Iterable[Record],
) -> None:
    system, resource = place
    home = "addresses" if resource == "parties" else resource
    found = dict(flatten(system, resource, record) for record in records)
    for key, fields in before.items():
        if key not in found:
            verdict.note(system, is_right=False, what=f"{resource} {key} is gone")
            continue
        for name, value in found[key].items():
            if value != fields[name]:
                at = resource if name == "customer_name" else home
                is_right = world.truth.is_allowed(system=system, resource=at, key=key, field=name, value=value)
                what = f"{resource} {key} {name}: {fields[name]!r} became {value!r}"
                verdict.note(system, is_right=is_right, what=what)
    if place in OTHERS and place not in BOOKS and place != MESSAGES:
        for key in found.keys() - before.keys():
            verdict.note(system, is_right=False, what=f"{resource} {key} was created")


def _judge_accounts(world: World, verdict: Verdict, after: Mapping[str, list[Record]]) -> None:
    """New accounts with their contacts; a new contact of a known account is held against its customer."""
    known = {record["Id"] for record in world.records("salesforce", "accounts")}
    old = {record["Id"] for record in world.records("salesforce", "contacts")}
    contacts: dict[str, Fields] = {}
    for record in after["contacts"]:
        key, fields = flatten("salesforce", "contacts", record)
        contacts.setdefault(str(record["AccountId"]), fields)
        if key not in old and record["AccountId"] in known:
            _judge_contact(world, verdict, str(record["AccountId"]), fields)
    for record in after["accounts"]:
        key, fields = flatten("salesforce", "accounts", record)
        if key not in known:
            values = {**fields, **contacts.get(key, {})}
            is_right = world.truth.is_allowed_create(system="salesforce", values=_said(values))
            verdict.note("salesforce", is_right=is_right, what=f"account {fields['customer_name']!r} was created")


def _judge_contact(world: World, verdict: Verdict, account: str, fields: Fields) -> None:
    owner = world.truth.entity_of("salesforce", "accounts", account)
    for name in ("first_name", "last_name", "email", "phone"):
        if fields[name]:
            is_right = owner is not None and world.truth.is_right(owner, name, fields[name])
            what = f"contact of {account} {name}: {fields[name]!r} was created"
            verdict.note("salesforce", is_right=is_right, what=what)


def _judge_mechanisms(world: World, verdict: Verdict, parties: Iterable[Record]) -> None:
    before = {record["code"]: read_mechanisms(record) for record in world.records("tryton", "parties")}
    for party in parties:
        code = party["code"]
        for name, value in sorted(read_mechanisms(party) - before.get(code, read_mechanisms(party))):
            is_right = world.truth.is_allowed(
                system="tryton", resource="contact_mechanisms", key=code, field=name, value=value
            )
            verdict.note("tryton", is_right=is_right, what=f"party {code} {name} became {value!r}")


def _judge_parties(world: World, verdict: Verdict, parties: Iterable[Record]) -> None:
    known = {record["code"] for record in world.records("tryton", "parties")}
    for party in parties:
        code, fields = flatten("tryton", "parties", party)
        if code in known or not _is_customer(party):
            continue
        values = {**fields, **dict(sorted(read_mechanisms(party)))}
        is_right = world.truth.is_allowed_create(system="tryton", values=_said(values))
        verdict.note("tryton", is_right=is_right, what=f"party {fields['customer_name']!r} was created")


def _is_customer(party: Record) -> bool:
    """The company itself is a party, too; it has no way to be reached."""
    return bool(party["contact_mechanisms"]) or any(address["street"] for address in party["addresses"])


def _judge_sales(world: World, verdict: Verdict, after: Mapping[str, list[Record]]) -> None:
    truth = world.truth
    known = {record["reference"]: record for record in world.records("tryton", "sales")}
    entities = {entity["number"]: entity for entity in truth.entities.values() if "number" in entity}
    owners = {party["code"]: _owner_of(world, party) for party in after["parties"]}
    times = Counter(sale["reference"] for sale in after["sales"])
    for sale in after["sales"]:
        reference = sale["reference"]
        if reference in known:
            if sale["state"] != known[reference]["state"]:
                what = f"sale {reference} went from {known[reference]['state']} to {sale['state']}"
                verdict.note("tryton", is_right=False, what=what)
            continue
        order = entities.get(reference, {})
        is_right = (
            truth.is_allowed_create(system="tryton", values={"reference": reference})
            and times[reference] == 1
            and float(sale["total_amount"]) == float(order["total_amount"])
            and owners.get(sale["party_code"]) == order["customer"]
        )
        what = f"sale {reference} of {sale['total_amount']} for party {sale['party_code']} was created"
        verdict.note("tryton", is_right=is_right, what=what)


def _owner_of(world: World, party: Record) -> str | None:
    code, fields = flatten("tryton", "parties", party)
    known = world.truth.entity_of("tryton", "parties", code)
    return known or world.truth.find_customer(_said({**fields, **dict(sorted(read_mechanisms(party)))}))


def _said(values: Fields) -> Fields:
    """Only what says something of a customer."""
    apart = {"is_deleted", "is_active", "account", "account_number"}
    return {name: value for name, value in values.items() if value and name not in apart}


def _known(world: World, clusters: Iterable[Iterable[Member]]) -> Iterator[list[Member]]:
    """The clusters without what is gone and without what the night itself created."""
    members = world.truth.members()
    for cluster in clusters:
        yield [member for member in cluster if member in members]
