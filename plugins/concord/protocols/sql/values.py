"""Rows as JSON: numbers as text with all their digits, times in ISO, the padding of CHAR columns left out."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import types

from concord.contract import Field, Form, Kind

_KINDS: "Mapping[type[types.TypeEngine[Any]], Kind]" = {
    types.Boolean: Kind.BOOLEAN,
    types.Integer: Kind.INTEGER,
    types.Numeric: Kind.DECIMAL,
    types.DateTime: Kind.TIMESTAMP,
    types.Date: Kind.DATE,
    types.JSON: Kind.JSON,
    types.String: Kind.TEXT,
}


def as_json(row: Mapping[str, object]) -> msgspec.Raw:
    """One row as it will land, whatever is in it; what no database can keep is found when it lands."""
    cells = {name: plain(value) for name, value in row.items()}
    try:
        return msgspec.Raw(msgspec.json.encode(cells))
    except (
        OverflowError,
        UnicodeEncodeError,
        TypeError,
    ):  # a number of 20 digits, half of a letter, a type within
        return msgspec.Raw(json.dumps(cells, default=_as_json_value).encode())


def _as_json_value(value: object) -> object:
    return json.loads(bytes(value)) if isinstance(value, msgspec.Raw) else plain(value)


def as_kind(kind: Kind, value: object, zone: tzinfo) -> object:
    """A value of a driver as its declared kind is written, where databases have another form for it.

    Yes and no may be 1 and 0, a bit field its bytes, a document its text; a date of zeros is none, and a time
    without a zone is one of the zone of the database. All else stays as it is.
    """
    if kind is Kind.BOOLEAN and value in (0, 1):
        return bool(value)
    if kind in (Kind.DATE, Kind.TIMESTAMP):
        return _as_date(kind, value, zone)
    if kind is Kind.JSON and isinstance(value, str):
        return _as_document(value)
    return value


def kind_of(column: "types.TypeEngine[Any]") -> Kind | None:
    """The kind of value that a column holds, None for a type that SQL has no name for."""
    return next((kind for known, kind in _KINDS.items() if isinstance(column, known)), None)


def _as_date(kind: Kind, value: object, zone: tzinfo) -> object:
    if isinstance(value, str) and value.startswith("0000-00-00"):
        return None
    if not isinstance(value, datetime):
        return value
    if kind is Kind.DATE:
        return value.date() if value.time() == time(0) else value
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _as_document(value: str) -> object:
    try:
        return msgspec.json.decode(value, type=msgspec.Raw)
    except msgspec.DecodeError:
        return value


def plain(value: object) -> object:
    """A value of a driver as JSON can carry it; blanks at the end of text are padding."""
    match value:
        case None | bool() | int() | dict() | list() | msgspec.Raw():
            return value
        case str():
            return value.rstrip(" ")
        case Decimal():
            return f"{value:f}"
        case datetime() | date() | time():
            return value.isoformat()
    return _as_text(value)


def _as_text(value: object) -> str:
    if isinstance(value, timedelta):
        return _as_hours(value)
    return bytes(value).hex() if isinstance(value, (bytes, bytearray, memoryview)) else str(value)


def _as_hours(span: timedelta) -> str:
    """A span as hours, minutes and seconds, as databases write it: 838:59:59 or -01:00:00.5."""
    micro = span // timedelta(microseconds=1)
    seconds, rest = divmod(abs(micro), 1_000_000)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    sign = "-" if micro < 0 else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"


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
