"""A suite that lost something says so: an expectation that is not evaluated would accept anything."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from concord.errors import BatchError, ConfigurationError
from concord.stages.validate.expectations import Expectation, Suite, check_batch, load_suite
from concord.testing.landing import Warehouse

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
        check_batch(database, relation="landing.x", batch_id="'; drop table x; --", suite=suite)
