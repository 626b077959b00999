"""Whether a row holds what was asked: it is read back in the transaction that wrote it, before that is committed.

A database may cut a text, round a number, replace a letter or let a trigger change a value, and still report a row
as written.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from sqlalchemy import ColumnClause, ColumnElement, Select, column, select
from sqlalchemy.sql.dml import UpdateBase

from concord.contract import Outcome
from concord.errors import OutcomeUnknownError, RequestError
from concord.protocols.sql.link import Link, Row
from concord.protocols.sql.tables import SqlTable
from concord.protocols.sql.values import plain


class OtherValueError(RequestError):
    """The database wrote something else than was asked; `row` is what it would have kept."""


def write_checked(
    link: Link, statement: UpdateBase, back: "Select[Any]", judge: Callable[[int, Sequence[Row]], Outcome]
) -> Outcome:
    """The outcome that `judge` finds in the row that was read back; other values are taken back.

    A table without transactions keeps them all the same: that is an `OutcomeUnknownError`.
    """
    try:
        return link.write(statement, back, judge)
    except OtherValueError as error:
        if [dict(row) for row in link.read(back)] == [error.facts["row"]]:
            raise OutcomeUnknownError(
                f"{error.facts['what']}, and the row stays so, for its table has no transactions; "
                "correct the row in the database."
            ) from error
        raise RequestError(f"{error.message} Nothing was written.") from error


def read_back(target: SqlTable, names: Sequence[str], condition: "ColumnElement[bool]") -> "Select[Any]":
    """The query for these columns of the row that was written."""
    columns: list[ColumnClause[Any]] = [column(name) for name in names]
    chosen: Select[Any] = select(*columns)
    return chosen.select_from(target.clause).where(condition)


def refuse_other_values(asked: Mapping[str, object], count: int, rows: Sequence[Row], zone: tzinfo) -> None:
    """Raise a `RequestError` unless one row was written, and holds the values that were asked by column."""
    if max(count, len(rows)) > 1:
        raise RequestError(
            f"The database would have written {max(count, len(rows))} rows by one key, so nothing was written; "
            "make the key of the table unique."
        )
    if count != 1 or not rows:
        raise RequestError("The row that was written is not found by its key, so it was taken back.")
    others = sorted(name for name, value in asked.items() if not is_kept(value, rows[0][name], zone))
    if others:
        what = f"The database keeps another value than was asked in {', '.join(others)}"
        raise OtherValueError(
            f"{what}: the column is too short, rounds, lacks a letter, or a trigger changes it.",
            what=what,
            row=dict(rows[0]),
        )


def is_kept(asked: object, found: object, zone: tzinfo) -> bool:
    """Whether a column says what was asked; blanks at the end are padding, and an empty text is no value.

    A time without a zone is one of the zone of the database.
    """
    if _is_empty(asked) or _is_empty(found):
        return _is_empty(asked) and _is_empty(found)
    if isinstance(found, (dict, list)):
        return _document(asked) == found
    if isinstance(found, datetime) or isinstance(asked, datetime):
        return _moment(asked, zone) == _moment(found, zone) is not None
    if isinstance(found, (int, float, Decimal)) or isinstance(asked, (int, float, Decimal)):
        return _number(asked) == _number(found) is not None
    if isinstance(asked, (date, time, timedelta)) or isinstance(found, (date, time, timedelta)):
        return str(plain(asked)) == str(plain(found))
    return plain(asked) == plain(found)


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip(" "))


def _number(value: object) -> Decimal | None:
    if isinstance(value, (bytes, bytearray)):
        return Decimal(int.from_bytes(value, "big"))
    try:
        return Decimal(int(value)) if isinstance(value, bool) else Decimal(str(value).strip())
    except InvalidOperation:
        return None


def _moment(value: object, zone: tzinfo) -> datetime | None:
    if not isinstance(value, datetime):
        try:
            value = datetime.fromisoformat(str(value).strip())
        except ValueError:
            return None
    try:
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None


def _document(value: object) -> object:
    if not isinstance(value, (str, bytes)):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return None
