"""That every declared resource has a suite, and what suites of single systems share with the seeds."""

import csv
import re
from pathlib import Path

import psycopg

from concord.installed import PRODUCT
from concord.stages.validate.check import ExpectationResults
from concord.stages.validate.expectations import ROW
from concord.testing.landing import Warehouse
from concord.testing.plantings import good_row
from concord.testing.suite.test_expectations import RESOURCES, suite_of

FOLDER = PRODUCT / "expectations"


def test_every_suite_is_of_a_declared_resource() -> None:
    written = {f"{path.parent.name}/{path.stem}" for path in FOLDER.glob("*/*.json")}
    assert len(RESOURCES) > 40
    assert written == set(RESOURCES)


def test_every_failing_row_is_found_however_many_fail(warehouse: Warehouse) -> None:
    resource = "shopify/customers"
    warehouse.land(resource, "bad", [{**good_row(resource), "email": "n/a"}] * 450)
    results = warehouse.check(resource, "bad", suite_of(resource))
    assert warehouse.failing(results) == {"email is no e-mail address": list(range(450))}


def test_a_whole_suite_reads_the_rows_of_a_batch_twice(warehouse: Warehouse) -> None:
    resource = "shopify/orders"
    assert len(suite_of(resource).expectations) > 8
    warehouse.land(resource, "sound", [good_row(resource)] * 100)
    before = count_rows_read(warehouse)
    assert warehouse.check(resource, "sound", suite_of(resource)) == ExpectationResults()
    assert (count_rows_read(warehouse) - before) // 100 == 2  # and a single row, for a test of the connection


def count_rows_read(warehouse: Warehouse) -> int:
    with psycopg.connect(warehouse.url) as connection:
        query = (
            "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_all_tables "
            "where relid in (select relid from pg_partition_tree('landing.shopify__orders'))"
        )
        return int(str((connection.execute(query).fetchone() or (0,))[0]))


def test_every_fault_of_a_wholesale_order_has_words_for_its_host() -> None:
    with Path(PRODUCT, "dbt_project/seeds/refusal_reasons.csv").open(encoding="utf-8") as file:
        told = {row["fault"]: row["reason"] for row in csv.DictReader(file)}
    reasons = [item.reason for item in suite_of("ibm_i/orders").expectations if item.severity == ROW]
    assert len(reasons) > 5
    assert [reason for reason in reasons if not any(fault in reason for fault in told)] == []
    assert all(len(reason.encode("cp037")) <= 40 for reason in told.values())


def test_the_countries_of_the_suite_are_those_of_the_seed() -> None:
    with Path(PRODUCT, "dbt_project/seeds/country_spellings.csv").open(encoding="utf-8") as file:
        spellings = {row["spelling"] for row in csv.DictReader(file)}
    (regex,) = (
        str(item.kwargs["regex"])
        for item in suite_of("salesforce/accounts").expectations
        if item.kwargs.get("column") == "country_name"
    )
    assert len(spellings) > 100
    assert all(re.match(regex, spelling) for spelling in spellings)
    assert regex.count("|") == len(spellings) - 1
