"""Statements about a batch that a contract cannot make, checked by Great Expectations inside PostgreSQL.

A suite is a JSON file. A row-level failure is returned as SQL that finds every failing row, because the library's
own list of them is cut off. The library is slow to import, and is therefore imported inside functions.
"""

import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from concord.contract import System
from concord.errors import BatchError, ConfigurationError
from concord.packages import suite_folders
from concord.project import read_project
from concord.store.engine import DISK_FULL, NO_SPACE, hide_rows

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult

ROW, TABLE = "row", "table"
_QUERY_TYPE = "unexpected_rows_expectation"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One statement; by its `severity` a failure quarantines rows (`row`) or refuses the batch (`table`)."""

    type: str
    kwargs: Mapping[str, object]
    severity: str
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Suite:
    """The statements about one resource's batches; never empty."""

    name: str
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class RowFailure:
    """SQL that selects `_row` of every row that fails, and the reason to give."""

    query: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExpectationResults:
    """What does not hold: rows to quarantine, and the reasons for which the batch is refused."""

    row_failures: Sequence[RowFailure] = field(default=())
    table_failures: Sequence[str] = field(default=())


def find_suite(suites: Path, system: System, resource: str) -> Path:
    """Where the suite of a resource lies: in the project, else in the folder `suites`, else in another package.

    An instance of a vendor's system has the vendor's, unless one bears its own name.
    """
    project, file = read_project(), f"{resource}.json"
    places = [Path(system.name, file), Path(system.vendor or system.name, file)]
    own = [project.folder / "expectations"] if project else []
    tried = (folder / place for folder in (*own, suites, *suite_folders()) for place in places)
    return next((place for place in tried if place.exists()), suites / places[-1])


def load_suite(path: Path) -> Suite:
    """Read a suite; `ConfigurationError` when it is missing, unreadable, empty or incomplete."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        items = document["expectations"]
        suite = Suite(document["name"], tuple(_read_expectation(item) for item in items))
    except FileNotFoundError as error:
        raise ConfigurationError(f"There are no expectations at {path}; write a suite there.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"The suite {path} cannot be read ({error}); correct it.") from error
    if not suite.expectations:
        raise ConfigurationError(f"The suite {path} is empty, so it would accept anything; add an expectation.")
    return suite


def _read_expectation(item: Mapping[str, Any]) -> Expectation:
    meta = item["meta"]
    if meta["severity"] not in (ROW, TABLE):
        raise ValueError(f"severity must be {ROW} or {TABLE}, not {meta['severity']!r}")
    for name in ("reason", "note"):
        if not meta[name].strip():
            raise ValueError(f"{item['type']} has an empty {name}")
    return Expectation(item["type"], item["kwargs"], meta["severity"], meta["reason"], meta["note"])


def check_batch(database_url: str, *, relation: str, batch_id: str, suite: Suite) -> ExpectationResults:
    """Check a landed batch; an expectation that cannot be evaluated is a `ConfigurationError`."""
    source = _select_batch(relation, batch_id)
    with _batch_definition(database_url, source) as definition:
        results = _validate(definition, suite)
    row_failures, table_failures = [], []
    for index, result in results:
        expectation = suite.expectations[index]
        _refuse_broken(suite, expectation, result)
        if result.success:
            continue
        if expectation.severity == ROW:
            query = _failing_rows(source, suite, expectation, result)
            row_failures.append(RowFailure(query, expectation.reason))
        else:
            table_failures.append(expectation.reason)
    return ExpectationResults(tuple(row_failures), tuple(table_failures))


def failing_row_queries(suite: Suite, relation: str) -> list[str]:
    """The suite's own queries for failing rows, over a relation in the place of the batch."""
    return [
        str(item.kwargs["unexpected_rows_query"]).format(batch=relation)
        for item in suite.expectations
        if item.type == _QUERY_TYPE
    ]


def _select_batch(relation: str, batch_id: str) -> str:
    """The query as text, because the library takes no parameters; a batch id may hold no quotes."""
    if not batch_id.replace("-", "").replace("_", "").isalnum():
        raise BatchError(f"The batch id {batch_id!r} is none that Concord makes.")
    return f"select * from {relation} where _batch_id = '{batch_id}'"  # noqa: S608


@contextmanager
def _batch_definition(database_url: str, source: str) -> "Iterator[BatchDefinition[Any]]":
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        address = database_url.replace("$", "%24")
        warehouse = context.data_sources.add_postgres(
            "warehouse", connection_string=address, create_temp_table=False
        )
        asset = warehouse.add_query_asset("batch", query=source)
        try:
            yield asset.add_batch_definition_whole_table("all")
        finally:
            warehouse.get_execution_engine().close()
            warehouse.get_engine().dispose()


def _validate(
    definition: "BatchDefinition[Any]", suite: Suite
) -> "Iterator[tuple[int, ExpectationValidationResult]]":
    from great_expectations import ExpectationSuite

    # Given to the constructor, because the suite's methods to add one replace an earlier one of the same type.
    loaded = ExpectationSuite(suite.name, expectations=[*_build_expectations(suite)])
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": ["_row"]}
    results = definition.get_batch().validate(loaded, result_format=cast("Any", wanted)).results
    if len(results) != len(suite.expectations):
        raise ConfigurationError(
            f"The suite {suite.name} has {len(suite.expectations)} expectations, but only {len(results)} "
            "were evaluated; correct the others."
        )
    for result in results:
        meta = cast("Any", result.expectation_config).meta
        yield meta["index"], result


def _build_expectations(suite: Suite) -> Iterator[Any]:
    from great_expectations.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    for index, item in enumerate(suite.expectations):
        configuration = ExpectationConfiguration(type=item.type, kwargs=dict(item.kwargs), meta={"index": index})
        try:
            yield configuration.to_domain_obj()
        except (GreatExpectationsError, ValueError) as error:
            raise ConfigurationError(
                f"{item.type} of suite {suite.name} cannot be understood ({_shorten(error)}); correct it."
            ) from error


def _shorten(message: object) -> str:
    return hide_rows(str(message))[:200]


def _refuse_broken(suite: Suite, expectation: Expectation, result: "ExpectationValidationResult") -> None:
    """Raise for an expectation that could not be evaluated, which the library reports as one that failed."""
    info = result.exception_info or {}
    for part in (info, *(value for value in info.values() if isinstance(value, dict))):
        if part.get("raised_exception"):
            message = str(part.get("exception_message"))
            advice = DISK_FULL if NO_SPACE in message else "Correct it."
            raise ConfigurationError(
                f"{expectation.type} of suite {suite.name} cannot be evaluated ({_shorten(message)}). {advice}"
            )


def _failing_rows(
    source: str, suite: Suite, expectation: Expectation, result: "ExpectationValidationResult"
) -> str:
    if expectation.type == _QUERY_TYPE:
        query = str(expectation.kwargs["unexpected_rows_query"])
        return f"select _row from ({query.format(batch=f'({source})')}) as failing"  # noqa: S608
    text = str(result.result.get("unexpected_index_query", ""))
    _, found, condition = text.partition(f"FROM {source} \nWHERE ")
    if not found:
        raise ConfigurationError(
            f"{expectation.type} of suite {suite.name} cannot name the rows that fail; make its severity "
            f"{TABLE}, or write it as {_QUERY_TYPE}."
        )
    return f"select _row from ({source}) as batch where {condition.rstrip().rstrip(';')}"  # noqa: S608
