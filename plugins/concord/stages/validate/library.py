"""Great Expectations: evaluates a suite over one batch, so that PostgreSQL counts and no row is read into Python.

The library sees the batch as a temporary view of its connection. Given a query instead, it runs the query whole to
learn the names of its columns. It is slow to import, so this module is imported where it is needed.
"""

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from psycopg import sql

from concord.errors import ConfigurationError
from concord.stages.validate.expectations import QUERY_TYPE, ROW, Expectation, Suite, query_of
from concord.store.engine import DISK_FULL, LOADER, NO_SPACE, Database, fetch_value, hide_rows

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import great_expectations
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    from concord.stages.validate.row_condition import ExpectNoRowToMeet, find_condition

_VIEW = "batch"
_ADDRESS = "postgresql+psycopg://concord@warehouse/batch"  # a form; the connections are ours, with their password
_SIMPLE = re.compile(rf"SELECT [^\n]*\nFROM {_VIEW} \nWHERE (?P<condition>.+?);?\s*$", re.DOTALL)
_COUNTS_ONLY = {
    "result_format": "BOOLEAN_ONLY",
    "return_unexpected_index_query": True,
    "unexpected_index_column_names": ["_row"],
}


def evaluate(
    database: Database, relation: str, source: str, suite: Suite
) -> Iterator[tuple[Expectation, str | None]]:
    """Each expectation that does not hold, with the condition of the rows that fail where the library names it.

    `source` selects the rows of the batch from the view `relation`. An expectation that cannot be evaluated is a
    `ConfigurationError`.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _batch_definition(database, relation, source) as definition:
            results = [*_validate(definition, suite)]
    for expectation, result in results:
        _refuse_broken(suite, expectation, result)
        if not result.success:
            yield expectation, _condition_of(result)


@contextmanager
def _batch_definition(database: Database, relation: str, source: str) -> "Iterator[BatchDefinition[Any]]":
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    warehouse = context.data_sources.add_postgres(
        "warehouse",
        connection_string=_ADDRESS,
        create_temp_table=False,
        kwargs={"creator": lambda: _open(database, relation, source)},
    )
    try:
        yield warehouse.add_table_asset(_VIEW, table_name=_VIEW).add_batch_definition_whole_table("all")
    finally:
        warehouse.get_execution_engine().close()
        warehouse.get_engine().dispose()


def _open(database: Database, relation: str, source: str) -> psycopg.Connection[Any]:
    """A connection in which the batch is a view.

    The view reads the landing table and not the typed view, which could otherwise not be made anew meanwhile. Each
    field is converted once for a row (`offset 0`), however many statements ask for it.
    """
    connection = psycopg.connect(database.url_for(LOADER), connect_timeout=10)
    typed = str(fetch_value(connection, "select pg_get_viewdef(%s::regclass)", (relation,))).rstrip(";")
    query = source.replace(relation, f"({typed}) as typed", 1)
    connection.execute(sql.SQL("create temp view {} as {} offset 0").format(sql.Identifier(_VIEW), sql.SQL(query)))
    connection.commit()
    return connection


def _validate(
    definition: "BatchDefinition[Any]", suite: Suite
) -> Iterator[tuple[Expectation, ExpectationValidationResult]]:
    # Given to the constructor, because the suite's methods to add one replace an earlier one of the same type.
    loaded = great_expectations.ExpectationSuite(suite.name, expectations=[*_build_expectations(suite)])
    results = definition.get_batch().validate(loaded, result_format=cast("Any", _COUNTS_ONLY)).results
    if len(results) != len(suite.expectations):
        raise ConfigurationError(
            f"The suite {suite.name} has {len(suite.expectations)} expectations, but only {len(results)} "
            "were evaluated; correct the others."
        )
    for result in results:
        meta = cast("Any", result.expectation_config).meta
        yield suite.expectations[meta["index"]], result


def _build_expectations(suite: Suite) -> Iterator[Any]:
    for index, item in enumerate(suite.expectations):
        try:
            yield _build(item, {"index": index})
        except (GreatExpectationsError, ValueError) as error:
            raise ConfigurationError(
                f"{item.type} of suite {suite.name} cannot be understood ({_shorten(error)}); correct it."
            ) from error


def _build(item: Expectation, meta: dict[str, Any]) -> Any:
    kwargs = dict(item.kwargs)
    if item.type == QUERY_TYPE:
        query = query_of(item)
        if item.severity == ROW and (condition := find_condition(query)) is not None:
            return ExpectNoRowToMeet(condition=condition, meta=meta)
        # One row says enough; the library would fetch all of them.
        kwargs["unexpected_rows_query"] = f"select 1 as one from ({query}\n) as failing limit 1"  # noqa: S608
    return ExpectationConfiguration(type=item.type, kwargs=kwargs, meta=meta).to_domain_obj()


def _refuse_broken(suite: Suite, expectation: Expectation, result: ExpectationValidationResult) -> None:
    """Raise for an expectation that could not be evaluated, which the library reports as one that failed."""
    info = result.exception_info or {}
    for part in (info, *(value for value in info.values() if isinstance(value, dict))):
        if part.get("raised_exception"):
            message = str(part.get("exception_message"))
            advice = DISK_FULL if NO_SPACE in message else "Correct it."
            raise ConfigurationError(
                f"{expectation.type} of suite {suite.name} cannot be evaluated ({_shorten(message)}). {advice}"
            )


def _shorten(message: object) -> str:
    return hide_rows(str(message))[:200]


def _condition_of(result: ExpectationValidationResult) -> str | None:
    found = _SIMPLE.match(str(result.result.get("unexpected_index_query", "")))
    return None if found is None or f"FROM {_VIEW}" in found["condition"] else found["condition"]
