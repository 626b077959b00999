"""CSV of Bulk API 2.0: every cell is quoted; an empty cell changes nothing, and `#N/A` clears a field."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.server.records import Record
from sandbox.vendors.salesforce.errors import SalesforceError
from sandbox.vendors.salesforce.objects import SObject

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_EMPTIED = "#N/A"


def write(rows: Iterable[Sequence[Any]], *, delimiter: str = ",", ending: str = "\n") -> bytes:
    """The text of rows, the names of the columns first."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def read(content: bytes, delimiter: str) -> tuple[list[str], list[list[str]]]:
    """The names of the columns and the rows of an upload."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))
    if not rows:
        return [], []
    names = rows[0]
    return names, [row for row in rows[1:] if row]


def shown(value: Any) -> str:
    """A value of a record as a cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"{value[:-5]}Z" if value[-5:] == "+0000" and value[10:11] == "T" else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def values_of(sobject: SObject, names: Sequence[str], row: Sequence[str]) -> Record:
    """The values that a row writes; empty cells write nothing."""
    if len(row) != len(names):
        raise SalesforceError("INVALID_FIELD", f"The row has {len(row)} cells, the header {len(names)}.")
    return {name: _value(sobject, name, cell) for name, cell in zip(names, row, strict=True) if cell.strip() != ""}


def _value(sobject: SObject, name: str, cell: str) -> Any:
    item = sobject.field(name)
    if cell == _EMPTIED:
        return None
    if item is not None and item.type == "currency":
        try:
            return float(cell)
        except ValueError as wrong:
            raise SalesforceError(
                "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{name}: value not of required type: {cell}"
            ) from wrong
    return cell
