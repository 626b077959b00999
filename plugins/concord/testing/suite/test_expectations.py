"""Every suite accepts a good batch and an empty one, and notices one planted fault per expectation."""

from dataclasses import replace

import pytest

from concord.stages.validate.expectations import ROW, TABLE, Suite, find_suite, load_suite
from concord.testing.landing import Warehouse
from concord.testing.plantings import (
    file_of,
    good_row,
    planted_resources,
    row_faults,
    systems_with_suites,
    table_faults,
)
from concord.testing.suites import SUITES

RESOURCES = [f"{system.name}/{resource.name}" for system in systems_with_suites() for resource in system.resources]
REFUSED = [resource for resource in RESOURCES if table_faults(resource)]


def suite_of(resource: str) -> Suite:
    """The suite of `system/resource`, that of the project before Concord's."""
    name, _, of = resource.partition("/")
    (system,) = (item for item in systems_with_suites() if item.name == name)
    return load_suite(find_suite(SUITES, system, of))


@pytest.mark.parametrize("system", [system.name for system in systems_with_suites()])
def test_what_is_planted_is_of_a_declared_resource(system: str) -> None:
    assert {f"{system}/{name}" for name in planted_resources(system)} <= set(RESOURCES)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_expectation_has_a_planted_fault(resource: str) -> None:
    suite = suite_of(resource)
    where = file_of(resource.partition("/")[0])
    rows = [item.reason for item in suite.expectations if item.severity == ROW]
    tables = [item.reason for item in suite.expectations if item.severity == TABLE]
    volumes = [reason for reason in tables if reason.endswith("records came in one window")]
    assert len(volumes) == 1, "a suite says once how many records one window can hold"
    assert sorted(rows) == sorted(row_faults(resource)), f"ROW_FAULTS of {where} plants other faults"
    others = sorted(set(tables) - set(volumes))
    assert others == sorted(table_faults(resource)), f"TABLE_FAULTS of {where} plants other faults"


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_good_batch_and_an_empty_one_pass(warehouse: Warehouse, resource: str) -> None:
    warehouse.land(resource, "good", [good_row(resource)])
    for batch_id in ("good", "empty"):
        results = warehouse.check(resource, batch_id, suite_of(resource))
        assert (results.row_failures, results.table_failures) == ((), ())


@pytest.mark.parametrize("resource", RESOURCES)
def test_each_planted_fault_sets_its_own_row_aside(warehouse: Warehouse, resource: str) -> None:
    good, faults = good_row(resource), row_faults(resource)
    warehouse.land(resource, "faulty", [good] + [{**good, **fault} for fault in faults.values()])
    results = warehouse.check(resource, "faulty", suite_of(resource))
    expected = {reason: [number] for number, reason in enumerate(faults, 1)}
    assert warehouse.failing(results) == expected
    assert results.table_failures == ()


@pytest.mark.parametrize("resource", REFUSED)
def test_a_fault_of_the_whole_batch_refuses_it(warehouse: Warehouse, resource: str) -> None:
    for reason, (count, fault) in table_faults(resource).items():
        warehouse.land(resource, "refused", [{**good_row(resource), **fault}] * count)
        results = warehouse.check(resource, "refused", suite_of(resource))
        assert list(results.table_failures) == [reason]


@pytest.mark.parametrize("resource", RESOURCES)
def test_more_records_than_a_window_can_hold_refuse_the_batch(warehouse: Warehouse, resource: str) -> None:
    suite = suite_of(resource)
    volumes = [item for item in suite.expectations if item.type == "expect_table_row_count_to_be_between"]
    lowered = [replace(item, kwargs={**item.kwargs, "max_value": 1}) for item in volumes]
    warehouse.land(resource, "many", [good_row(resource)] * 2)
    results = warehouse.check(resource, "many", Suite(suite.name, tuple(lowered)))
    assert list(results.table_failures) == [item.reason for item in volumes]
