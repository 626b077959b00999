"""A suite that lost something says so: an expectation that is not evaluated would accept anything."""

import json
import zlib
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from concord import registry
from concord.errors import BatchError, ConfigurationError
from concord.stages.validate import library
from concord.stages.validate.check import ExpectationResults, check_batch, check_without_rows
from concord.stages.validate.expectations import QUERY_TYPE, Expectation, Suite, load_suite
from concord.stages.validate.row_condition import find_condition
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.testing.landing import Warehouse
from concord.testing.plantings import good_row

CUSTOMERS, TYPED = "shopify/customers", "landing.shopify__customers__typed"

PARSER = {"condition_parser": "great_expectations"}
META = {"severity": "row", "reason": "email is blank", "note": "Why."}
ITEM = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "email"}, "meta": META}


def written(folder: Path, document: object) -> Path:
    path = folder / "suite.json"
    path.write_text(json.dumps(document))
    return path


def test_a_suite_is_read_as_it_is_written(tmp_path: Path) -> None:
    suite = load_suite(written(tmp_path, {"name": "shop", "expectations": [ITEM, ITEM]}))
    assert (suite.name, len(suite.expectations)) == ("shop", 2)
    assert suite.expectations[0].reason == "email is blank"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"name": "shop", "expectations": []}, "is empty"),
        ({"name": "shop"}, "cannot be read"),
        ({"name": "shop", "expectations": [{**ITEM, "meta": {**META, "severity": "fatal"}}]}, "fatal"),
        ({"name": "shop", "expectations": [{**ITEM, "meta": {**META, "note": " "}}]}, "empty note"),
        ({"name": "shop", "expectations": [{"type": "x", "kwargs": {}}]}, "meta"),
    ],
    ids=["empty", "no list", "severity", "no note", "no meta"],
)
def test_a_suite_that_lacks_something_is_refused(
    tmp_path: Path, document: Mapping[str, object], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_suite(written(tmp_path, document))


def test_a_missing_suite_names_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"shop\.json"):
        load_suite(tmp_path / "shop.json")


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("expect_column_values_to_not_be_null", {"column": "no_such_column"}),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "select nonsense from {batch}"}),
        ("expect_the_unexpected", {"column": "email"}),
    ],
    ids=["unknown column", "broken query", "unknown type"],
)
def test_an_expectation_that_cannot_be_evaluated_is_an_error(
    warehouse: Warehouse, type_: str, kwargs: Mapping[str, object]
) -> None:
    suite = Suite("shop", (Expectation(type_, kwargs, "row", "reason", "note"),))
    with pytest.raises(ConfigurationError, match=type_):
        warehouse.check("shopify/customers", "any", suite)


def test_a_batch_id_that_is_not_ours_never_reaches_the_database(database: str) -> None:
    suite = Suite("shop", (Expectation("x", {}, "row", "reason", "note"),))
    with pytest.raises(BatchError, match="none that Concord makes"):
        check_batch(Database(database), relation="landing.x", batch_id="'; drop table x; --", suite=suite)


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("expect_column_values_to_be_unique", {"column": "email"}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["email", "phone"]}),
        (
            "expect_column_values_to_be_in_set",
            {"column": "email", "value_set": ["n/a"], "row_condition": 'col("phone").notNull()', **PARSER},
        ),
    ],
    ids=["one column", "several columns", "some rows"],
)
def test_a_statement_that_names_no_rows_may_not_set_rows_aside(
    warehouse: Warehouse, type_: str, kwargs: Mapping[str, object]
) -> None:
    warehouse.land(CUSTOMERS, type_, [{**good_row(CUSTOMERS), "email": "a@b.org", "phone": "1"}] * 2)
    suite = Suite("shop", (Expectation(type_, kwargs, "row", "reason", "note"),))
    with pytest.raises(ConfigurationError, match="cannot name the rows"):
        warehouse.check(CUSTOMERS, type_, suite)


@pytest.mark.parametrize(
    "query",
    [
        "select _row from {batch} where email like '%@%' and email ~ ':b$' -- nobody's",
        "select _row from {batch} where email ~ ':b{{1}}$'",
        "SELECT _row FROM {batch}\nWHERE 'a@x:b' = email;",
        "select _row from {batch} where substring(email from 3 for 3) = 'x:b'",
        "select _row from {batch} where email = 'a@x:b' order by _row",
    ],
    ids=["percent and comment", "braces", "spelling", "word of another form", "order"],
)
def test_a_query_of_the_suite_finds_its_rows_in_any_form(warehouse: Warehouse, query: str) -> None:
    batch = f"form-{zlib.crc32(query.encode())}"
    emails = (None, "a@x:b", "n/a")
    warehouse.land(CUSTOMERS, batch, [{**good_row(CUSTOMERS), "email": email} for email in emails])
    suite = Suite("shop", (Expectation(QUERY_TYPE, {"unexpected_rows_query": query}, "row", "reason", "note"),))
    assert warehouse.failing(warehouse.check(CUSTOMERS, batch, suite)) == {"reason": [1]}


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("select _row from {batch} where price < 0", "price < 0"),
        ("select _row from {batch} where code ~ '^[0-9]{{8}}$'", "code ~ '^[0-9]{8}$'"),
        ("select _row from {batch} where price < 0 limit 10", None),
        ("select _row from {batch} where price > (select avg(price) from {batch})", None),
        ("select 1 as one from {batch} having count(*) > 20", None),
    ],
    ids=["condition", "braces", "limit", "batch twice", "whole batch"],
)
def test_only_a_plain_condition_is_counted_with_the_others(query: str, condition: str | None) -> None:
    assert find_condition(query) == condition


def test_what_does_not_hold_of_no_rows_is_found_without_the_library(warehouse: Warehouse) -> None:
    queries = ("select 1 as one from {batch} having count(*) = 0", "select 1 as one from {batch}")
    suite = Suite("shop", tuple(table_query(query) for query in queries))
    results = check_without_rows(Database(warehouse.url), relation=TYPED, batch_id="none", suite=suite)
    assert results == ExpectationResults(table_failures=(queries[0],))


def test_a_statement_that_only_the_library_knows_is_left_to_it(warehouse: Warehouse) -> None:
    counted = Expectation("expect_table_row_count_to_be_between", {"min_value": 1}, "table", "reason", "note")
    suite = Suite("shop", (counted,))
    assert check_without_rows(Database(warehouse.url), relation=TYPED, batch_id="none", suite=suite) is None
    assert warehouse.check(CUSTOMERS, "none", suite).table_failures == ("reason",)


def test_the_typed_view_can_be_made_anew_while_a_batch_is_checked(warehouse: Warehouse) -> None:
    system, store = registry.system("shopify"), Database(warehouse.url)
    source = f"select * from {TYPED} where _batch_id = 'any'"
    with closing(library._open(store, TYPED, source)):
        create_tables(store, system, system.resource("customers"))


def table_query(query: str) -> Expectation:
    return Expectation(QUERY_TYPE, {"unexpected_rows_query": query}, "table", query, "note")
