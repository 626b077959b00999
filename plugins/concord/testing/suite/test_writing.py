"""What every system must hold to when it is written to; effects are counted where they happen."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from concord.contract import Change, End, Kind
from concord.testing.bench import Bench, by_key, read_all, told
from concord.testing.benches import facts_of, systems_on_benches
from concord.testing.case import Case

FindBench = Callable[[str], Bench]
UPDATED = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if resource.writes is not None and resource.writes.update
]
CREATED = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if resource.writes is not None and resource.writes.create
]


@pytest.fixture
def case(bench: FindBench, name: str, resource_name: str) -> Case:
    found = bench(name)
    resource = found.system.resource(resource_name)
    may_update = resource.writes is not None and resource.writes.update
    good = told(facts_of(name).good, resource_name, "good") if may_update else {}
    return Case(found, resource, found.session(), good)


def ids(pairs: list[tuple[str, str]]) -> list[str]:
    return [" ".join(pair) for pair in pairs]


on_updates = pytest.mark.parametrize(("name", "resource_name"), UPDATED, ids=ids(UPDATED))
on_creates = pytest.mark.parametrize(("name", "resource_name"), CREATED, ids=ids(CREATED))


@on_updates
def test_changes_arrive_and_are_confirmed(case: Case) -> None:
    changes = case.changes(10)
    outcomes = case.write(changes)
    assert [item.end for item in outcomes] == [End.CONFIRMED] * 10
    assert [item.key for item in outcomes] == [change.key for change in changes]
    assert case.holds(*changes)


@on_updates
def test_a_record_that_moved_is_a_conflict_and_left_alone(case: Case) -> None:
    moved, other = case.changes(2)
    case.bench.desk.touch(case.resource, str(moved.key))
    before = case.effects(moved)
    outcomes = case.write([moved, other])
    assert [item.end for item in outcomes] == [End.CONFLICTED, End.CONFIRMED]
    assert case.effects(moved) == before
    assert case.holds(other)


@on_updates
def test_a_refused_value_is_rejected_and_does_not_hold_back_others(
    case: Case, name: str, resource_name: str
) -> None:
    changes = case.changes(5)
    refused = told(facts_of(name).bad, resource_name, "bad")
    bad = changes[2] = replace(changes[2], after=refused)
    before = case.effects(bad)
    outcomes = case.write(changes)
    assert [item.end for item in outcomes] == [End.CONFIRMED] * 2 + [End.REJECTED] + [End.CONFIRMED] * 2
    assert case.effects(bad) == before
    assert case.holds(*changes[:2], *changes[3:])
    assert outcomes[2].message
    assert not any(str(value) in outcomes[2].message for value in bad.after.values() if value)


@on_updates
@pytest.mark.parametrize("text", ["Łódź 中 🚲", "Straße " * 60 + "1"], ids=["foreign letters", "long"])
def test_a_text_is_written_whole_or_not_confirmed(case: Case, text: str) -> None:
    fields = [case.resource.field(name) for name in sorted(case.good)]
    names = [item.name for item in fields if item.kind is Kind.TEXT]
    if not names:
        pytest.skip("no text is written there")
    for name, change in zip(names, case.changes(len(names)), strict=True):
        asked = replace(change, change_id=f"{name}-{change.change_id}", after={name: text})
        (outcome,) = case.write([asked])
        assert outcome.end in (End.CONFIRMED, End.REJECTED)
        assert outcome.end is End.REJECTED or case.holds(asked), f"{name} was confirmed, and says something else"


@on_updates
@pytest.mark.parametrize(
    ("kind", "is_done"), [("cut_after", True), ("busy_after", True), ("cut_before", False), ("html", False)]
)
def test_a_lost_answer_is_an_unknown_outcome(case: Case, kind: str, is_done: bool) -> None:
    (change,) = case.changes(1)
    before = case.effects(change)
    case.bench.desk.fault(kind, on="write")
    (outcome,) = case.write([change])
    assert (outcome.end, outcome.key) == (end_of_a_lost_write(case), change.key)
    is_written = is_done or outcome.end is End.CONFIRMED
    assert (case.effects(change) != before) is is_written
    assert case.holds(change) is is_written


@on_updates
def test_a_write_that_was_turned_away_is_sent_again(case: Case) -> None:
    (change,) = case.changes(1)
    case.bench.desk.fault("throttle", on="write")
    (outcome,) = case.write([change])
    if may_have_arrived(case):
        assert (outcome.end, case.holds(change)) == (End.UNKNOWN, False)
        (outcome,) = case.write([change])
    assert outcome.end is End.CONFIRMED
    assert case.holds(change)


def may_have_arrived(case: Case) -> bool:
    """Whether nothing declares that the vendor refuses too many calls before it acts."""
    system = case.bench.system
    is_declared = 429 in system.rules.refuses_before_acting or system.rules.limit_codes
    return facts_of(system.name).is_http and not is_declared


def end_of_a_lost_write(case: Case) -> End:
    """Unknown, unless the vendor tells one sending from another by a key."""
    return End.CONFIRMED if facts_of(case.bench.system.name).settles_lost_writes else End.UNKNOWN


def creates(case: Case, *numbers: int) -> list[Change]:
    new_record = facts_of(case.bench.system.name).new_record
    return [
        Change(f"create-{number}", None, "create", {}, values, {})
        for number in numbers
        for values in [new_record(case.bench, case.session, case.resource, number)]
    ]


def is_finished(case: Case, record: Mapping[str, Any]) -> bool:
    """Whether the creation brought about what it must beside its record."""
    wanted = facts_of(case.bench.system.name).finished.get(case.resource.name, {})
    return wanted.items() <= record.items()


@on_creates
def test_a_create_gives_the_key_of_the_new_record(case: Case) -> None:
    before = set(by_key(case.resource, read_all(case.session, case.resource)))
    outcomes = case.write(creates(case, 11, 12, 13))
    assert [item.end for item in outcomes] == [End.CONFIRMED] * 3
    after = by_key(case.resource, read_all(case.session, case.resource))
    assert set(after) - before == {item.key for item in outcomes}
    assert len({item.key for item in outcomes}) == 3
    assert all(is_finished(case, after[str(item.key)]) for item in outcomes)


@on_creates
@pytest.mark.parametrize(("kind", "number"), [("cut_after", 21), ("busy_after", 22)])
def test_a_create_whose_answer_was_lost_is_not_made_twice(case: Case, kind: str, number: int) -> None:
    before = set(by_key(case.resource, read_all(case.session, case.resource)))
    (change,) = creates(case, number)
    case.bench.desk.fault(kind, on="create")
    (lost,) = case.write([change])
    (found,) = case.write([change])
    after = by_key(case.resource, read_all(case.session, case.resource))
    assert (lost.end, found.end) == (end_of_a_lost_write(case), End.CONFIRMED)
    assert set(after) - before == {found.key}
    assert is_finished(case, after[str(found.key)])


@on_creates
def test_a_create_that_is_refused_leaves_nothing_behind(case: Case) -> None:
    before = set(by_key(case.resource, read_all(case.session, case.resource)))
    good, bad, last = creates(case, 31, 32, 33)
    broken = told(facts_of(case.bench.system.name).broken, case.resource.name, "broken")
    outcomes = case.write([good, replace(bad, after={**bad.after, **broken}), last])
    assert [item.end for item in outcomes] == [End.CONFIRMED, End.REJECTED, End.CONFIRMED]
    after = set(by_key(case.resource, read_all(case.session, case.resource)))
    assert after - before == {outcomes[0].key, outcomes[2].key}
