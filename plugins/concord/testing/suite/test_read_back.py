"""What was written is read back: a change that the target kept otherwise is not confirmed, and its field is named.

Each system runs the steps of a night with its own server: a record is read, planned, written and verified.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from concord.contract import Kind, Lookup, Resource
from concord.protocols.session.client import HttpSession
from concord.stages.extract.read_window import extract_matching
from concord.stages.validate.expectations import find_suite
from concord.stages.validate.judge import validate_batch
from concord.stages.write_back.approve import approve
from concord.testing.bench import Bench
from concord.testing.benches import systems_on_benches
from concord.testing.case import Case, new_id
from concord.testing.round_trip import RoundTrip
from concord.testing.suite.test_truthful import case as case_of_every_field
from concord.testing.suite.test_writing import CREATED, creates, ids, on_creates, on_updates
from concord.testing.suites import SUITES, has_suite, write_suite

SHORTEST = 3
case = case_of_every_field
BRINGING = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if (item.name, resource.name) in CREATED and resource.writes and resource.writes.brings
]


class SystemTrip(RoundTrip):
    """The steps of a night at the running server of a bench; `marts` holds the wish of one resource."""

    def __init__(self, url: str, found: Bench, resource: Resource, folder: Path) -> None:
        self.bench = found
        self.desired = {resource.name: ", ".join(f"{item.name} {item.kind.value}" for item in resource.fields)}
        super().__init__(url, found.system, folder)

    def write_suites(self) -> None:
        """The suites of the system; a resource that has none gets one that every record meets."""
        for resource in self.system.resources:
            if has_suite(self.system, resource):
                place = self.suites / self.system.name / f"{resource.name}.json"
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(find_suite(SUITES, self.system, resource.name), place)
            else:
                write_suite(self.suites, self.system.name, resource)

    @contextmanager
    def open(self) -> Iterator[HttpSession]:
        yield self.bench.session()

    def hold(self, resource: Resource, key: str) -> None:
        """Read one record into the warehouse."""
        with self.open() as session:
            lookup = Lookup(name=resource.key, values=[key], reference="before")
            batch = extract_matching(self.database, session, system=self.system, resource=resource, lookup=lookup)
        validate_batch(self.database, system=self.system, resource=resource, batch_id=batch, suites=self.suites)

    def wish(self, resource: Resource, key: str | None, values: Mapping[str, object]) -> str:
        """The approved plan that gives the record these values."""
        self.want_values(resource, "E-1", key, values)
        return self.plan_approved(new_id("night"))

    def want_values(self, resource: Resource, entity: str, key: str | None, values: Mapping[str, object]) -> None:
        """What dbt would desire of one record, of which a document is given as it is."""
        wanted = {
            name: Jsonb(value) if resource.field(name).kind is Kind.JSON else value
            for name, value in values.items()
        }
        self.want(resource.name, entity, key, **wanted)

    def plan_approved(self, run: str) -> str:
        plan_id = self.plan(run).plan_id
        approve(self.database, plan_id, "a person")
        return plan_id

    def ends(self, plan_id: str) -> list[tuple[object, ...]]:
        return self.rows("select state, is_verified, message from ops.changes where plan_id = %s", plan_id)


@pytest.fixture
def trip(database: str, case: Case, tmp_path: Path) -> RoundTrip:
    return SystemTrip(database, case.bench, case.resource, tmp_path / "suites").prepare()


@on_updates
def test_what_is_written_as_asked_stays_confirmed(trip: SystemTrip, case: Case) -> None:
    (change,) = case.changes(1)
    trip.hold(case.resource, str(change.key))
    plan_id = trip.wish(case.resource, change.key, texts(change.after))
    trip.apply(plan_id)
    counts = trip.verify(plan_id)
    assert trip.ends(plan_id) == [("confirmed", True, "")]
    assert (counts.verified, counts.differing) == (1, 0)


@on_creates
def test_a_new_record_that_is_as_asked_stays_confirmed(trip: SystemTrip, case: Case) -> None:
    (change,) = creates(case, 71)
    plan_id = trip.wish(case.resource, None, change.after)
    trip.apply(plan_id)
    assert trip.verify(plan_id).differing == 0
    assert [end[0] for end in trip.ends(plan_id)] == ["confirmed"]


@pytest.mark.parametrize(("name", "resource_name"), BRINGING, ids=ids(BRINGING))
def test_what_was_created_inside_of_a_new_record_is_read_back_with_it(trip: SystemTrip, case: Case) -> None:
    (change,) = creates(case, 72)
    plan_id = trip.wish(case.resource, None, change.after)
    trip.apply(plan_id)
    trip.verify(plan_id)
    ((key,),) = trip.rows("select record_key from ops.changes where plan_id = %s", plan_id)
    assert case.resource.writes is not None
    for other, holder in case.resource.writes.brings.items():
        rows = trip.rows(f"select {holder} from validated.{trip.system.name}__{other}")
        assert rows == [(key,)]


@on_updates
def test_a_value_that_is_cut_is_not_confirmed_and_its_field_is_named(trip: SystemTrip, case: Case) -> None:
    name = next((item for item in sorted(case.good) if is_long(case.good[item])), "")
    if not name:
        pytest.skip("nothing that is written there is so long that it can be cut")
    (change,) = case.changes(1, {name: case.good[name]})
    trip.hold(case.resource, str(change.key))
    plan_id = trip.wish(case.resource, change.key, change.after)
    case.bench.desk.shorten(str(change.after[name]))
    trip.apply(plan_id)
    trip.verify(plan_id)
    ((state, _, message),) = trip.ends(plan_id)
    assert state == "rejected"
    column = case.resource.field(name)
    assert {name, column.path} & set(re.findall(r"\w+", str(message)))
    letters = trip.rows("select record_key, message from ops.dead_letters where state = 'open'")
    assert letters == [(change.key, message)]


def texts(values: Mapping[str, object]) -> dict[str, object]:
    """What a plan would hold of them: a value that is to be cleared is an empty text."""
    return {name: "" if value is None else value for name, value in values.items()}


def is_long(value: object) -> bool:
    """Whether something is left of a value that loses its last sign."""
    return value is not None and not isinstance(value, bool) and len(str(value)) >= SHORTEST
