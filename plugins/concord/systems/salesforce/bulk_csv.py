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

from concord.contract import Kind, Page, Resource
from concord.protocols.csv_rows import lines_of, split_rows
from concord.protocols.repair import marked
from concord.protocols.values import put_at

EMPTIED = "#N/A"
UPLOAD_DELIMITER = "^"
_BOOLEANS = {"true": True, "false": False, "": None}
_QUOTE = '"'
csv.field_size_limit(1 << 28)  # a cell may be as long as a response may be; the module's own bound is 128 kB
_encode = msgspec.json.Encoder().encode
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
Convert = Callable[[Sequence[str]], list[Any]]


def read_page(resource: Resource, content: bytes, announced: int | None = None) -> Page:
    """The records of one page; a `ValueError` when the file is cut off or lacks a column.

    A row with other quotes, or with more or fewer cells than columns, is a record of which nothing can be read.
    `announced` is how many records the vendor says there are, by which such rows are told apart.
    """
    rows, others = split_rows(content)
    if not rows or not rows[0]:
        raise ValueError("the file is empty")
    names, *cells = rows
    if announced is not None and len(cells) + len(others) != announced:
        others = lines_of(others)
    missing = {field.path for field in resource.fields} - set(names)
    if missing:
        raise ValueError(f"the file lacks {', '.join(sorted(missing))}")
    odd = [msgspec.Raw(_encode({"row": marked(row.rstrip(b"\r\n"))})) for row in others]
    kinds = {field.path: field.kind for field in resource.fields}
    columns = [
        _CONVERT.get(kinds.get(name, Kind.TEXT), _texts)(column)
        for name, column in zip(names, zip(*cells, strict=True), strict=False)
    ]
    records = (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))
    if any("." in name for name in names):
        records = (_nested(record) for record in records)
    return [*(msgspec.Raw(_encoded(record)) for record in records), *odd]


def _encoded(record: Mapping[str, Any]) -> bytes:
    """The record as JSON; a cell with bytes that are not UTF-8 is marked, and its record is then set aside."""
    try:
        return _encode(record)
    except UnicodeEncodeError:
        return _encode(_with_marks(record))


def _with_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_marks(item) for name, item in value.items()}
    if isinstance(value, str) and not value.isprintable():
        content = value.encode("utf-8", "surrogateescape")
        return value if _is_utf8(content) else marked(b'"%b"' % content)
    return value


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


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
        put_at(tree, name, value)
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
    if isinstance(value, msgspec.Raw):
        return bytes(value).decode()
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
