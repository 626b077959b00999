"""Fifteen statements about the benchmarks' records, as a suite and as one SQL statement that counts the same."""

from typing import LiteralString, cast

from concord.stages.validate.expectations import QUERY_TYPE, ROW, TABLE, Expectation, Suite

TYPED = "landing.plain__records__typed"
# By column: a regular expression that each value matches.
_REGEXES = {
    "source_id": "^[0-9]+$",
    "email": r"^\s*[^@\s]+@[^@\s]+\.[^@\s.]+\s*$",
    "customer_email": r"^\s*[^@\s]+@[^@\s]+\.[^@\s.]+\s*$",
    "customer_phone": "^[^0-9]*([0-9][^0-9]*){6,17}$",
    "currency": "^[A-Z]{3}$",
}
_SETS = {"financial_status": ("paid", "pending", "refunded"), "fulfillment_status": ("fulfilled", "partial")}
_LEAST = {"total_price": 0, "subtotal_price": 0, "total_tax": 0}
# Of a row that is at fault.
_CONDITIONS = (
    "cancelled_at < created_at",
    "created_at > greatest(now(), updated_at) + interval '2 days'",
    "total_price < subtotal_price",
    "jsonb_typeof(lines) is distinct from 'array'",
)
_MOST_ROWS = 5_000_000


def _expect(type_: str, severity: str = ROW, **kwargs: object) -> Expectation:
    return Expectation(type_, kwargs, severity, "reason", "note")


SUITE = Suite(
    "plain/records",
    (
        *(_expect("expect_column_values_to_match_regex", column=name, regex=of) for name, of in _REGEXES.items()),
        *(_expect("expect_column_values_to_be_in_set", column=name, value_set=of) for name, of in _SETS.items()),
        *(_expect("expect_column_values_to_be_between", column=name, min_value=of) for name, of in _LEAST.items()),
        *(
            _expect(QUERY_TYPE, unexpected_rows_query=f"select _row from {{batch}} where {condition}")
            for condition in _CONDITIONS
        ),
        _expect("expect_table_row_count_to_be_between", TABLE, min_value=0, max_value=_MOST_ROWS),
    ),
)


def as_one_statement(batch_id: str) -> LiteralString:
    """SQL that returns one row: how many rows the batch has, then for each statement how many are at fault."""
    faults = [
        *(f"not {name} ~ '{of}'" for name, of in _REGEXES.items()),
        *(f"{name} not in {of}" for name, of in _SETS.items()),
        *(f"{name} < {of}" for name, of in _LEAST.items()),
        *_CONDITIONS,
    ]
    counts = ", ".join(f"count(*) filter (where {fault})" for fault in faults)
    return cast("LiteralString", f"select count(*), {counts} from {TYPED} where _batch_id = '{batch_id}'")
