"""A refusal is shown in the vendor's own words, with what to do about it, and without values of records."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from concord.contract import Change, End, Field, Resource
from concord.errors import ConcordError
from concord.testing.bench import Bench, read_all, told
from concord.testing.benches import facts_of, systems_on_benches
from concord.testing.case import Case
from concord.testing.sandbox_desk import SandboxDesk
from concord.testing.suite.test_writing import on_updates

FindBench = Callable[[str], Bench]
SYSTEMS = [item.name for item in systems_on_benches()]
WORDS = "No such column Colour__c on what was asked for"
VALUE = "Ottilie Zwischenruf"
LONG_VALUE = "Am Hinteren Zwinger 12, Rueckgebaeude"


@pytest.fixture
def case(bench: FindBench, name: str, resource_name: str) -> Case:
    found = bench(name)
    resource = found.system.resource(resource_name)
    return Case(found, resource, found.session(), told(facts_of(name).good, resource_name, "good"))


def refuse(bench: Bench, resource: Resource, on: str, sentence: str) -> str:
    """Let a vendor of the sandbox refuse all such calls with this sentence; returns words that must be shown."""
    facts = facts_of(bench.system.name)
    if not isinstance(bench.desk, SandboxDesk):
        return told(facts.refused, "read" if on == "read" else resource.name, "refused")
    match = {"operation": told(bench.desk.habits.operations, on, "operations")}
    fault = {"kind": "status", "status": 400, "message": sentence}
    bench.desk.server.control("faults", {"match": match, "fault": fault, "times": None})
    return WORDS


def with_unknown_field(resource: Resource) -> Resource:
    """The resource with a field that no vendor has, for a server that we did not write."""
    return replace(resource, fields=(*resource.fields, Field("no_such_column", "no_such_column")))


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_refused_read_shows_the_vendors_own_words(bench: FindBench, name: str) -> None:
    found, facts = bench(name), facts_of(name)
    resource = found.system.resource(facts.first)
    words = refuse(found, resource, "read", WORDS)
    asked = resource if isinstance(found.desk, SandboxDesk) else with_unknown_field(resource)
    with pytest.raises(ConcordError) as caught:
        read_all(found.session(), asked)
    assert words in caught.value.message
    assert "correct the record" not in caught.value.message


@on_updates
def test_a_refused_write_shows_the_vendors_own_words_and_no_value(
    case: Case, name: str, resource_name: str
) -> None:
    facts = facts_of(name)
    (change,) = case.changes(1)
    if not isinstance(case.bench.desk, SandboxDesk):
        bad = told(facts.bad, resource_name, "bad")
        change = Change(change.change_id, change.key, "update", change.before, bad, change.guard)
    before = {**change.before, "last_name": VALUE, "street": LONG_VALUE}
    change = replace(change, before=before)
    quoted = f"{WORDS}: {', '.join(str(value) for value in change.after.values() if value)}"
    words = refuse(case.bench, case.resource, "write", f"{quoted}, {VALUE.upper()}, {LONG_VALUE[:20]}")
    (outcome,) = case.write([change])
    assert outcome.end is End.REJECTED
    assert words in outcome.message
    assert "declaration" not in outcome.message
    shown = [str(value) for value in (*change.after.values(), VALUE, LONG_VALUE[:12]) if len(str(value)) > 2]
    assert not [value for value in shown if value.lower() in outcome.message.lower()]
