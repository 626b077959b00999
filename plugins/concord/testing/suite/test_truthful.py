"""A system's declaration is true: what may be written, how a record is found again, and the rate limit."""

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from concord.contract import End, Kind, Resource
from concord.protocols.values import value_at
from concord.stages.sessions import open_session
from concord.store.engine import Database
from concord.testing.bench import Bench, by_key, read_all, with_page_size
from concord.testing.benches import facts_of, has_bench, systems_on_benches
from concord.testing.case import Case
from concord.testing.facts import Facts
from concord.testing.suite.test_writing import creates, ids, on_creates, on_updates

FindBench = Callable[[str], Bench]
SYSTEMS = [item.name for item in systems_on_benches()]
FOUND = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if resource.writes is not None and resource.writes.create and resource.natural_key
]
MERGED = [(name, resource) for name in SYSTEMS for resource in (facts_of(name).merge if has_bench(name) else ())]
FEWEST_LETTERS = 20
SUITE = (
    "test_reading",
    "test_writing",
    "test_truthful",
    "test_read_back",
    "test_refusals",
    "test_clocks",
    "test_untouched",
    "test_lists",
    "test_chains",
    "test_checks",
    "test_damaged_records",
)


@pytest.fixture
def case(bench: FindBench, name: str, resource_name: str) -> Iterator[Case]:
    found = bench(name)
    resource = found.system.resource(resource_name)
    facts = facts_of(name)
    every = {**facts.good.get(resource_name, {}), **facts.every.get(resource_name, {})}
    case = Case(found, resource, found.session(), every)
    yield case
    case.restore()
    case.session.close()


def fields_to_show(facts: Facts, resource: Resource, declared: frozenset[str]) -> set[str]:
    """What may be written, but for what another test shows."""
    return {name for name in declared if (resource.name, name) not in facts.apart}


@on_updates
def test_every_field_that_may_be_updated_is(case: Case, name: str) -> None:
    assert case.resource.writes is not None
    wanted = fields_to_show(facts_of(name), case.resource, case.resource.writes.update)
    missing = ", ".join(sorted(wanted - case.good.keys()))
    assert not missing, (
        f"the bench gives no good value of {missing}: add it to good or every, or say why not in apart"
    )
    (change,) = (replace(change, change_id=f"every-{change.key}") for change in case.changes(1))
    (outcome,) = case.write([change])
    assert (outcome.end, outcome.message) == (End.CONFIRMED, "")
    assert unlike(case, str(change.key), change.after, wanted) == {}


@on_creates
def test_every_field_of_a_new_record_is_kept(case: Case, name: str) -> None:
    facts = facts_of(name)
    assert case.resource.writes is not None
    wanted = fields_to_show(facts, case.resource, case.resource.writes.create)
    (change,) = creates(case, 41)
    missing = ", ".join(sorted(wanted - change.after.keys()))
    assert not missing, f"new_record of the bench gives no {missing}"
    (outcome,) = case.write([change])
    assert (outcome.end, outcome.message) == (End.CONFIRMED, "")
    assert unlike(case, str(outcome.key), change.after, wanted) == {}


def unlike(case: Case, key: str, written: Mapping[str, object], names: set[str]) -> dict[str, object]:
    """The fields that do not say what was written."""
    record = by_key(case.resource, read_all(case.session, case.resource))[key]
    fields = [case.resource.field(name) for name in names]
    found = {field.name: case.value_of(record, field) for field in fields if field.kind is not Kind.JSON}
    return {name: value for name, value in found.items() if not is_alike(value, written[name])}


def is_alike(found: object, written: object) -> bool:
    if isinstance(found, Decimal):
        return found == Decimal(str(written))
    return str(found) == str(written) or (found in (None, "") and written in (None, ""))


@pytest.mark.parametrize(("name", "resource_name"), FOUND, ids=ids(FOUND))
def test_a_new_record_is_found_by_what_it_is_looked_up_by(case: Case) -> None:
    find_by = case.resource.natural_key[0]
    (change,) = creates(case, 51)
    (outcome,) = case.write([change])
    assert find_by in change.after
    pages = case.resource.read.read_matching(case.session, case.resource, find_by, [str(change.after[find_by])])
    found = [raw for page in pages for raw in page]
    assert any(str(outcome.key).encode() in bytes(raw) for raw in found)


@pytest.mark.parametrize(("name", "resource_name"), MERGED, ids=ids(MERGED))
def test_a_merge_is_seen(bench: FindBench, name: str, resource_name: str) -> None:
    found = bench(name)
    resource, session = found.system.resource(resource_name), found.session()
    before = live_keys(resource, found)
    heir, gone = before[-1], before[-2]
    heir = facts_of(name).merge[resource_name](found, heir, gone)
    after = by_key(resource, read_all(session, resource))
    assert heir in live_keys(resource, found)
    assert gone not in live_keys(resource, found)
    told = [str(after[key]) for key in (heir, gone) if key in after]
    assert any(gone in text and heir in text for text in told)


def live_keys(resource: Resource, found: Bench) -> list[str]:
    """The keys of the records that are not marked as deleted."""
    records = by_key(resource, read_all(found.session(), resource))
    if not resource.deleted:
        return list(records)
    field = resource.field(resource.deleted)
    return [key for key, record in records.items() if not value_at(record, field)]


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_pace_that_is_declared_is_kept(bench: FindBench, database: str, name: str) -> None:
    found, store = bench(name), Database(database)
    resource, rate_limit = found.system.resource(facts_of(name).first), found.system.rate_limit
    allowed = rate_limit.burst + rate_limit.per_second
    before = len(found.desk.moments())
    own = replace(found.system, auth=found.new_auth())
    with open_session(own, found.connection, store, purpose="extract", reference="rate_limit") as session:
        while session.statistics.calls <= allowed:
            for _ in with_page_size(resource.read, 3).read_window(session, resource, None):
                if session.statistics.calls > allowed:
                    break
    moments = found.desk.moments()[before:]
    most = max(sum(1 for other in moments if moment <= other < moment + 1) for moment in moments)
    assert len(moments) > allowed
    assert most <= allowed


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_is_left_out_is_a_real_test_and_has_a_reason(name: str) -> None:
    facts = facts_of(name)
    is_skipped = "a_merge_is_seen" in facts.skips
    assert bool(facts.merge) is not is_skipped, (
        "the bench says how records are merged, or in skips why they are not"
    )
    assert set(facts.skips) <= {test.removeprefix("test_") for test in names_of_the_suite()}
    reasons = [*facts.skips.values(), *facts.apart.values(), *facts.empty_at_first.values()]
    reasons += [*facts.unmarked.values(), *facts.no_numbers.values()]
    assert [reason for reason in reasons if len(reason) < FEWEST_LETTERS] == []
    (system,) = (item for item in systems_on_benches() if item.name == name)
    fields = {(item.name, field.name) for item in system.resources for field in item.fields}
    assert {*facts.apart, *facts.empty_at_first} <= fields


def names_of_the_suite() -> set[str]:
    """The functions of the modules that run for every system."""
    modules = (importlib.import_module(f"concord.testing.suite.{name}") for name in SUITE)
    return {name for module in modules for name, _ in inspect.getmembers(module, inspect.isfunction)}
