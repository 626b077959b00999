"""Checks a batch by its suite, inside PostgreSQL.

A row-level failure is returned as SQL that finds every failing row, so no row is read into Python. The library
takes seconds to import, so it is imported only for a batch that has rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import sql

from concord.errors import BatchError, ConfigurationError
from concord.stages.validate.expectations import QUERY_TYPE, TABLE, Expectation, Suite, query_of
from concord.store.engine import LOADER, Connection, Database, fetch_value

_COUNT_TYPE = "expect_table_row_count_to_be_between"


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


def check_batch(database: Database, *, relation: str, batch_id: str, suite: Suite) -> ExpectationResults:
    """Check a landed batch that may have rows; `relation` is the typed view of its resource.

    An expectation that cannot be evaluated is a `ConfigurationError`.
    """
    from concord.stages.validate.library import evaluate

    source = _select_batch(relation, batch_id)
    row_failures, table_failures = [], []
    for expectation, condition in evaluate(database, relation, source, suite):
        if expectation.severity == TABLE:
            table_failures.append(expectation.reason)
        else:
            row_failures.append(
                RowFailure(_failing_rows(source, suite, expectation, condition), expectation.reason)
            )
    return ExpectationResults(tuple(row_failures), tuple(table_failures))


def check_without_rows(
    database: Database, *, relation: str, batch_id: str, suite: Suite
) -> ExpectationResults | None:
    """What does not hold of a batch that has no rows, found without the library; None where that cannot be.

    A statement about rows always holds of it.
    """
    statements = [item for item in suite.expectations if item.severity == TABLE]
    if not all(item.type == QUERY_TYPE or _allows_nothing(item) for item in statements):
        return None
    queries = [item for item in statements if item.type == QUERY_TYPE]
    if not queries:
        return ExpectationResults()
    source = _select_batch(relation, batch_id)
    with database.transaction(LOADER) as connection:
        found = [_has_result(connection, item, source) for item in queries]
    return ExpectationResults(
        table_failures=tuple(item.reason for item, fails in zip(queries, found, strict=True) if fails)
    )


def _has_result(connection: Connection, expectation: Expectation, source: str) -> bool:
    query = sql.SQL(query_of(expectation).format(batch=f"({source})"))
    return bool(fetch_value(connection, sql.SQL("select exists ({}\n)").format(query)))


def _allows_nothing(expectation: Expectation) -> bool:
    kwargs = expectation.kwargs
    return expectation.type == _COUNT_TYPE and not (kwargs.get("min_value") or kwargs.get("strict_min"))


def _select_batch(relation: str, batch_id: str) -> str:
    """The query as text, because the library takes no parameters; a batch id may hold no quotes."""
    if not batch_id.replace("-", "").replace("_", "").isalnum():
        raise BatchError(f"The batch id {batch_id!r} is none that Concord makes.")
    return f"select * from {relation} where _batch_id = '{batch_id}'"  # noqa: S608


def _failing_rows(source: str, suite: Suite, expectation: Expectation, condition: str | None) -> str:
    if expectation.type == QUERY_TYPE:
        return f"select _row from ({query_of(expectation).format(batch=f'({source})')}\n) as failing"  # noqa: S608
    if condition is None or expectation.kwargs.get("row_condition"):  # which the library leaves out of its query
        raise ConfigurationError(
            f"{expectation.type} of suite {suite.name} cannot name the rows that fail; make its severity "
            f"{TABLE}, or write it as {QUERY_TYPE}."
        )
    return f"select _row from ({source}) as batch where {condition}"  # noqa: S608
