"""Every suite accepts a good batch and an empty one, and notices one planted fault per expectation."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest

from concord.registry import declared_systems
from concord.settings import REPOSITORY
from concord.stages.validate.expectations import ROW, TABLE, Suite, load_suite
from tests.expectations.conftest import Warehouse
from tests.expectations.plantings import good_row, planted_resources, row_faults, table_faults

FOLDER = REPOSITORY / "expectations"
RESOURCES = sorted(
    f"{system.name}/{resource.name}" for system in declared_systems() for resource in system.resources
)
REFUSED = [resource for resource in RESOURCES if table_faults(resource)]


def suite_of(resource: str) -> Suite:
    return load_suite(FOLDER / f"{resource}.json")


def test_every_suite_and_everything_planted_is_of_a_declared_resource() -> None:
    written = {f"{path.parent.name}/{path.stem}" for path in FOLDER.glob("*/*.json")}
    assert len(RESOURCES) > 40
    assert written | planted_resources() == set(RESOURCES)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_expectation_has_a_planted_fault(resource: str) -> None:
    suite = suite_of(resource)
    where = f"tests/expectations/planted/{resource.partition('/')[0]}.py"
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


def test_every_failing_row_is_found_however_many_fail(warehouse: Warehouse) -> None:
    resource = "shopify/customers"
    warehouse.land(resource, "bad", [{**good_row(resource), "email": "n/a"}] * 450)
    results = warehouse.check(resource, "bad", suite_of(resource))
    assert warehouse.failing(results) == {"email is no e-mail address": list(range(450))}


def test_every_fault_of_a_wholesale_order_has_words_for_its_host() -> None:
    with Path(REPOSITORY, "dbt_project/seeds/refusal_reasons.csv").open(encoding="utf-8") as file:
        told = {row["fault"]: row["reason"] for row in csv.DictReader(file)}
    reasons = [item.reason for item in suite_of("ibm_i/orders").expectations if item.severity == ROW]
    assert len(reasons) > 5
    assert [reason for reason in reasons if not any(fault in reason for fault in told)] == []
    assert all(len(reason.encode("cp037")) <= 40 for reason in told.values())


def test_the_countries_of_the_suite_are_those_of_the_seed() -> None:
    with Path(REPOSITORY, "dbt_project/seeds/country_spellings.csv").open(encoding="utf-8") as file:
        spellings = {row["spelling"] for row in csv.DictReader(file)}
    (regex,) = (
        str(item.kwargs["regex"])
        for item in suite_of("salesforce/accounts").expectations
        if item.kwargs.get("column") == "country_name"
    )
    assert len(spellings) > 100
    assert all(re.match(regex, spelling) for spelling in spellings)
    assert regex.count("|") == len(spellings) - 1
