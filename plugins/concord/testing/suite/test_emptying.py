"""What every system must hold to when a value is removed: it is emptied, or refused before anything is sent."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from concord.contract import Change, End
from concord.protocols.writing import refuse_emptied
from concord.stages.write_back.settle import PlanExecution, read_back
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.testing.bench import Bench, by_key, read_all
from concord.testing.benches import facts_of, systems_on_benches
from concord.testing.case import Case, new_id

FindBench = Callable[[str], Bench]
FIELDS = [
    (item.name, resource.name, field)
    for item in systems_on_benches()
    for resource in item.resources
    if resource.writes is not None
    for field in sorted(resource.writes.update - {resource.deleted})
]


@pytest.fixture
def case(bench: FindBench, name: str, resource_name: str) -> Case:
    found = bench(name)
    return Case(found, found.system.resource(resource_name), found.session(), {})


def said(case: Case, record: Mapping[str, Any], field: str) -> object:
    return case.value_of(record, case.resource.field(field))


def find_filled(case: Case, field: str) -> tuple[str, Mapping[str, Any]] | None:
    """The key of a record that lives and has a value in the field, if possible one for the suite, and itself."""
    records = by_key(case.resource, read_all(case.session, case.resource))
    full = [item for item in records.items() if said(case, item[1], field) and not case.is_deleted(item[1])]
    return next(iter(sorted(full, key=lambda item: case.is_unfit(item[1]))), None)


def fill(case: Case, field: str) -> None:
    """Give a record the value that the bench calls good."""
    facts, name = facts_of(case.bench.system.name), case.resource.name
    good = {**facts.good.get(name, {}), **facts.every.get(name, {})}
    (filled,) = Case(case.bench, case.resource, case.session, {field: good[field]}).changes(1)
    assert [outcome.end for outcome in case.write([filled])] == [End.CONFIRMED]


def make_removal(case: Case, field: str) -> Change:
    """The change that empties the field of a record that has a value there."""
    found = find_filled(case, field)
    if found is None:
        fill(case, field)
        found = find_filled(case, field)
    assert found is not None
    key, record = found
    guard = {name: said(case, record, name) for name in case.resource.guards}
    return Change(new_id("empty"), key, "update", {field: said(case, record, field)}, {field: None}, guard)


@pytest.mark.parametrize(("name", "resource_name", "field"), FIELDS, ids=[" ".join(item) for item in FIELDS])
def test_a_removed_value_is_emptied_or_refused_before_sending(
    case: Case, module_database: str, name: str, field: str
) -> None:
    change, database = make_removal(case, field), Database(module_database)
    refused = refuse_emptied(case.resource, [change])
    outcomes = refused or case.write([change])
    assert [outcome.end for outcome in outcomes] == [End.REJECTED if refused else End.CONFIRMED]
    create_tables(database, case.bench.system, case.resource)
    execution = PlanExecution(
        database, case.session, case.bench.system, f"empty {name} {field}", cast("Any", None)
    )
    (record,) = read_back(execution, case.resource, case.resource.key, [str(change.key)])
    assert (record[field] is None) is not bool(refused)
    assert not refused or f"{field} cannot be emptied" in refused[0].message
