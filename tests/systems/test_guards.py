"""A guard over several fields: each of them must still say what the plan saw."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from concord.contract import Change, End, Resource
from concord.errors import ContractError
from concord.protocols.graphql.writes import GraphQLWrites
from concord.protocols.values import value_at
from concord.testing.bench import Bench, by_key, read_all, told
from concord.testing.benches import facts_of

FindBench = Callable[[str], Bench]
# A system whose changes are compared after a look, and one whose database compares them: the second guard, and
# what the plan saw there.
CASES = {"kiosk": ("customers", "email", "c0@elsewhere.example"), "legacy_sql": ("customers", "city", "Elsewhere")}


def guarded(bench: Bench, resource_name: str, other: str) -> Resource:
    resource = bench.system.resource(resource_name)
    assert resource.writes is not None
    return replace(resource, writes=replace(resource.writes, guard=(resource.guard, other)))


@pytest.mark.parametrize("name", CASES)
def test_each_field_of_the_guard_must_say_what_the_plan_saw(bench: FindBench, name: str) -> None:
    found, (resource_name, other, elsewhere) = bench(name), CASES[name]
    resource, session = guarded(found, resource_name, other), found.session()
    assert resource.writes is not None
    good = told(facts_of(name).good, resource_name, "good")
    records = list(by_key(resource, read_all(session, resource)).items())
    changes = []
    for key, record in records[5:7]:
        guard = {item: value_at(record, resource.field(item)) for item in resource.guards}
        changes.append(Change(f"change-{key}", key, "update", {}, good, guard))
    stale = replace(changes[0], guard={**changes[0].guard, other: elsewhere})
    before = found.desk.effects(resource, str(stale.key))
    outcomes = {
        item.change_id: item for item in resource.writes.writer.write(session, resource, [stale, changes[1]])
    }
    assert outcomes[stale.change_id].end is End.CONFLICTED
    assert other in outcomes[stale.change_id].message
    assert found.desk.effects(resource, str(stale.key)) == before
    assert outcomes[changes[1].change_id].end is End.CONFIRMED


# Systems that compare a field of the guard themselves, which is not the first one: what stands before it.
COMPARED = {"kiosk": ("customers", "email"), "sap": ("business_partners", "partner_category")}


@pytest.mark.parametrize("name", COMPARED)
def test_a_vendor_gets_the_field_of_the_guard_that_it_compares(bench: FindBench, name: str) -> None:
    found, (resource_name, first) = bench(name), COMPARED[name]
    declared = found.system.resource(resource_name)
    assert declared.writes is not None
    writer = declared.writes.writer
    if isinstance(writer, GraphQLWrites):
        assert writer.update is not None
        writer = replace(writer, update=replace(writer.update, guard={declared.guard: str(writer.update.guard)}))
    writes = replace(declared.writes, writer=writer, guard=(first, declared.guard))
    resource, session = replace(declared, writes=writes), found.session()
    good = told(facts_of(name).good, resource_name, "good")
    key, record = list(by_key(resource, read_all(session, resource)).items())[5]
    seen = {item: value_at(record, resource.field(item)) for item in resource.guards}
    assert None not in seen.values()
    [outcome] = writer.write(session, resource, [Change("change", key, "update", {}, good, seen)])
    assert (outcome.end, outcome.message) == (End.CONFIRMED, "")


def test_a_guard_that_is_not_a_field_is_refused(bench: FindBench) -> None:
    with pytest.raises(ContractError, match="'nothing' as its guard"):
        guarded(bench("kiosk"), "customers", "nothing")
