"""Of every system: each number that is written has limits, by the policy of the business, or by default."""

from decimal import Decimal

import pytest

from concord.contract import Field, Kind, Resource
from concord.rules import read_rules
from concord.stages.write_back.numeric_limits import DEFAULTS, limits_of
from concord.stages.write_back.policy_rows import PolicyRow
from concord.testing.benches import facts_of, systems_on_benches

POLICY = "approval_policy"
BOUND = Decimal(10_000_000)


def written(resource: Resource) -> list[Field]:
    """The fields of a resource that are created or updated."""
    names = resource.writes.create | resource.writes.update if resource.writes is not None else frozenset()
    return [resource.field(name) for name in sorted(names)]


WRITTEN = [
    (system.name, resource.name, action, field)
    for system in systems_on_benches()
    for resource in system.resources
    for action in ("create", "update")
    for field in written(resource)
]
NUMBERS = [case for case in WRITTEN if case[3].kind in (Kind.INTEGER, Kind.DECIMAL) or case[3].numbers]
LISTS = sorted(
    {
        (system, resource, field.name, field.numbers)
        for system, resource, _, field in WRITTEN
        if field.kind is Kind.JSON
    }
)


def rows_for(system: str, resource: str, action: str) -> list[PolicyRow]:
    rows = [PolicyRow(row, [system]) for row in read_rules(POLICY) if row["system"] in ("*", system)]
    return sorted((row for row in rows if row.covers(resource, action)), key=lambda row: row.weight, reverse=True)


@pytest.mark.parametrize(
    ("system", "resource", "action", "field"), NUMBERS, ids=[f"{a} {b} {c} {d.name}" for a, b, c, d in NUMBERS]
)
def test_a_number_that_is_written_has_limits(system: str, resource: str, action: str, field: Field) -> None:
    rows = rows_for(system, resource, action)
    for name in [f"{field.name}.{member}" for member in field.numbers] or [field.name]:
        limits = limits_of(rows, name)
        assert 0 < limits.absolute < BOUND
        assert 0 < limits.relative <= Decimal(200)
        assert 0 < limits.plan <= DEFAULTS["max_plan_change_percent"]
        assert limits.plan <= limits.nights <= DEFAULTS["max_nights_change_percent"]
        assert 0 <= limits.negligible < limits.absolute


@pytest.mark.parametrize(
    ("system", "resource", "name", "numbers"), LISTS, ids=[" ".join(case[:3]) for case in LISTS]
)
def test_a_list_that_is_written_names_its_numbers(
    system: str, resource: str, name: str, numbers: tuple[str, ...]
) -> None:
    assert bool(numbers) is not ((resource, name) in facts_of(system).no_numbers), (
        f"name the members of {name} that hold numbers in Field.numbers, or say in no_numbers why there are none"
    )
