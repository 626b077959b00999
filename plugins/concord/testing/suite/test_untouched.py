"""A write changes what it names: all else of the vendor's record stays, whether a declaration knows it or not."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from concord.contract import End, Kind
from concord.testing.bench import by_key, read_all, told
from concord.testing.benches import facts_of
from concord.testing.case import Case
from concord.testing.suite.test_truthful import case as case_of_every_field
from concord.testing.suite.test_writing import on_updates

case = case_of_every_field
NOTHING = (None, "", "0")  # a column of digits says 0 where it says nothing


@on_updates
def test_a_write_leaves_all_else_of_the_record_as_it_is(case: Case, name: str, resource_name: str) -> None:
    unnamed = told(facts_of(name).unnamed, resource_name, "unnamed")
    desk = case.bench.desk
    (change,) = case.changes(1)
    key = str(change.key)
    desk.fill(case.resource, key, unnamed)
    written = {field: value for field, value in change.after.items() if value is not None}
    assert written
    for field, value in written.items():
        before = desk.raw(case.resource, key)
        assert not missing(before, unnamed)
        (outcome,) = case.write([case.anew(change, {field: value})])
        assert (outcome.end, outcome.message) == (End.CONFIRMED, "")
        after = desk.raw(case.resource, key)
        lost = changed(before, after, value, facts_of(name).moves)
        lost.pop(case.resource.field(field).parts[0].rstrip("."), None)
        assert lost == {}, f"{field} was written"


@on_updates
def test_a_value_that_is_cleared_is_gone_or_not_confirmed(case: Case) -> None:
    names = [name for name in sorted(case.good) if case.resource.field(name).kind is Kind.TEXT]
    found = {name: [item for item in case.possible_changes({name: ""}) if item.before[name]] for name in names}
    if not any(found.values()):
        pytest.skip("no text is written there, or none is there")
    for name in (name for name in names if found[name]):
        case.given.append(found[name][-1])
        asked = case.anew(found[name][-1], {name: ""})
        (outcome,) = case.write([asked])
        assert outcome.end in (End.CONFIRMED, End.REJECTED), outcome.message
        record = by_key(case.resource, read_all(case.session, case.resource))[str(asked.key)]
        now = case.value_of(record, case.resource.field(name))
        assert outcome.end is End.REJECTED or now in NOTHING, f"{name} was confirmed as cleared, and says {now!r}"


def missing(record: Any, values: Mapping[str, object]) -> dict[str, object]:
    """The filled values that the vendor does not hold."""
    held = dict(leaves(record))
    wanted = {path: value for top, inner in values.items() for path, value in leaves(inner, top)}
    return {path: value for path, value in wanted.items() if str(held.get(path)) != str(value)}


def changed(before: Any, after: Any, written: object, moves: frozenset[str]) -> dict[str, tuple[object, object]]:
    """The values that are others than before, by path, without what was written and what moves by itself."""
    old, new = dict(leaves(before)), dict(leaves(after))
    differing = {path: (old.get(path), new.get(path)) for path in old.keys() | new.keys()}
    return {
        path: (was, now)
        for path, (was, now) in differing.items()
        if was != now and not moves & set(path.split(".")) and str(now).strip() != str(written)
    }


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, object]]:
    """The values that hold no others, by their path."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield path, value
        return
    for name, part in inner:
        yield from leaves(part, f"{path}.{name}" if path else str(name))
