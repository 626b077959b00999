"""An expectation for Great Expectations: no row of the batch meets a condition in SQL.

The library asks PostgreSQL twice for each suite's own query. A condition is counted in one statement with all
other statements about columns. The library is slow to import, so this module is imported where it is needed.
"""

import re
from typing import Any, ClassVar

import sqlalchemy
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import ColumnMapMetricProvider, column_condition_partial

_SIMPLE = re.compile(r"\s*select\s+_row\s+from\s+\{batch\}\s+where\s(?P<condition>.+)", re.IGNORECASE | re.DOTALL)
# What may follow a condition in a query, or is another name for the batch in it.
_MORE = re.compile(
    r"\{batch\}|;|\b(group|having|window|union|intersect|except|order|limit|offset|fetch|for)\b", re.IGNORECASE
)


class _MeetsNoCondition(ColumnMapMetricProvider):  # type: ignore[misc]  # the library does not type it
    condition_metric_name = "column_values.meets_no_condition"
    condition_value_keys = ("condition",)
    filter_column_isnull = False

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[untyped-decorator]  # nor this
    def _sqlalchemy(cls, column: Any, condition: str, **_: Any) -> Any:  # noqa: N805  # the library makes it one
        return sqlalchemy.not_(sqlalchemy.literal_column(f"coalesce(({condition}\n), false)"))


class ExpectNoRowToMeet(ColumnMapExpectation):  # type: ignore[misc]  # nor this
    """No row meets the condition, which is SQL over the columns of the batch."""

    column: str = "_row"
    condition: str

    map_metric: ClassVar[str] = _MeetsNoCondition.condition_metric_name
    success_keys: ClassVar[tuple[str, ...]] = ("condition", "mostly")


def find_condition(query: str) -> str | None:
    """The condition of `select _row from {batch} where <condition>`; None for a query of any other form."""
    found = _SIMPLE.fullmatch(query)
    if found is None or _MORE.search(found["condition"]):
        return None
    return found["condition"].format()
