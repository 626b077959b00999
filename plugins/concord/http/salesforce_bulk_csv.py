"""CSV of Bulk API 2.0: pages of a query to JSON records, changes to an upload, result files to rows.

A blank cell of an upload says nothing; `#N/A` makes a field empty.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from concord.contract import Page, Resource
from concord.fields import Kind

EMPTIED = "#N/A"
UPLOAD_DELIMITER = "^"
_BOOLEANS = {"true": True, "false": False, "": None}
_QUOTE = '"'
_encode = msgspec.json.Encoder().encode
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
Convert = Callable[[Sequence[str]], list[Any]]


def read_page(resource: Resource, content: bytes) -> Page:
    """The records of one page; a `ValueError` when the file is cut off or lacks a column."""
    rows = _all_rows(content)
    if not rows:
        raise ValueError("the file is empty")
    names, *cells = rows
    missing = {field.path for field in resource.fields} - set(names)
    if missing:
        raise ValueError(f"the file lacks {', '.join(sorted(missing))}")
    if any(len(row) != len(names) for row in cells):
        raise ValueError("a row of the file is cut off")
    kinds = {field.path: field.kind for field in resource.fields}
    columns = [
        _CONVERT.get(kinds.get(name, Kind.TEXT), _texts)(column)
        for name, column in zip(names, zip(*cells, strict=True), strict=False)
    ]
    records = (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))
    if any("." in name for name in names):
        records = (_nested(record) for record in records)
    return [msgspec.Raw(_encode(record)) for record in records]


def _all_rows(content: bytes) -> list[list[str]]:
    try:
        lines = io.StringIO(content.decode("utf-8-sig"), newline="")
        return [row for row in csv.reader(lines, strict=True) if row]
    except csv.Error as error:
        raise ValueError(f"the file is cut off ({error})") from error


def _texts(column: Sequence[str]) -> list[Any]:
    return [cell or None for cell in column]


def _truths(column: Sequence[str]) -> list[Any]:
    return [_BOOLEANS.get(cell, cell) for cell in column]


def _numbers(column: Sequence[str]) -> list[Any]:
    """Digits as they came; what is no number stays text, for validation to judge."""
    is_number = _JSON_NUMBER.fullmatch
    return [msgspec.Raw(cell.encode()) if is_number(cell) else cell or None for cell in column]


_CONVERT: Mapping[Kind, Convert] = {Kind.BOOLEAN: _truths, Kind.INTEGER: _numbers, Kind.DECIMAL: _numbers}


def _nested(record: Mapping[str, Any]) -> dict[str, Any]:
    """Related fields, whose columns are named `Account.Name`, lie nested in the record."""
    tree: dict[str, Any] = {}
    for name, value in record.items():
        *branches, leaf = name.split(".")
        place = tree
        for branch in branches:
            place = place.setdefault(branch, {})
        place[leaf] = value
    return tree


def read_results(content: bytes) -> Iterator[dict[str, str]]:
    """The rows of a result file, whatever separates its cells; it ends before the first that is cut off."""
    text = content.decode("utf-8-sig", "replace")
    first = text.split("\n", 1)[0].strip("\r")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter_of(first), strict=True)
    try:
        names = next(reader, [])
        for row in reader:
            if len(row) == len(names):
                yield dict(zip(names, row, strict=True))
    except csv.Error:
        return


def _delimiter_of(first_line: str) -> str:
    """What stands behind the first name; names hold nothing but letters, digits and underscores."""
    bare = first_line.replace(_QUOTE, "")
    return next((letter for letter in bare if not (letter.isalnum() or letter in "_.")), ",")


def cell_of(value: object) -> str | None:
    """A value as the cell of an upload; None for one that a cell cannot say."""
    if value is None:
        return EMPTIED
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float | Decimal):
        return None
    text = str(value)
    if text.strip() == EMPTIED:
        return None
    return text if text.strip() else EMPTIED


def write_upload(rows: Sequence[Mapping[str, str]]) -> bytes:
    """The rows as one file; what a row does not say is left blank."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=UPLOAD_DELIMITER, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return text.getvalue().encode()
