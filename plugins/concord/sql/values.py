"""Rows as JSON: numbers as text with all their digits, times in ISO, the padding of CHAR columns left out."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal

import msgspec

from concord.fields import Field, Form, Kind


def as_json(row: Mapping[str, object]) -> msgspec.Raw:
    """One row as it will land."""
    return msgspec.Raw(msgspec.json.encode({name: plain(value) for name, value in row.items()}))


def plain(value: object) -> object:
    """A value of a driver as JSON can carry it; blanks at the end of text are padding."""
    match value:
        case None | bool() | int() | dict() | list():
            return value
        case str():
            return value.rstrip(" ")
        case Decimal():
            return f"{value:f}"
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
    return str(value)


def as_parameter(field: Field, value: str) -> object:
    """A key or a looked-up value as the column's type takes it."""
    match field.kind:
        case Kind.INTEGER:
            return int(value)
        case Kind.DECIMAL:
            return Decimal(value)
        case Kind.TIMESTAMP:
            return datetime.fromisoformat(value)
    return value


def _blank(value: object) -> object:
    return "" if value is None else value


def _write_digits(value: object) -> Decimal:
    """The digits of a number as people write it; 0 stands for none."""
    text = str(value or "0").strip().removeprefix("+")
    if not text.isascii() or not text.replace(" ", "").isdigit():
        raise ValueError("it is not made of digits")
    return Decimal(text.replace(" ", ""))


def _write_date(value: object) -> int:
    day = value if isinstance(value, date) else date.fromisoformat(str(value))
    return (day.year - 1900) * 10_000 + day.month * 100 + day.day


def flag(letter: str) -> Form:
    """A column that says yes by this letter and no by anything else."""
    return Form(
        sql=f"case when {{}} = '{letter}' then 'true' else 'false' end",
        encode=lambda value: letter if value else "",
    )


AS_BLANK = Form(sql="nullif({}, '')", encode=_blank)
AS_DIGITS = Form(sql="nullif({}, '0')", encode=_write_digits)
AS_CENTURY_DATE = Form(
    sql="case when {0} = '0' then null when pg_input_is_valid({0}, 'bigint') then "
    "regexp_replace(({0}::bigint + 19000000)::text, '^(....)(..)(..)$', '\\1-\\2-\\3') else {0} end",
    encode=lambda value: 0 if value is None else _write_date(value),
)
