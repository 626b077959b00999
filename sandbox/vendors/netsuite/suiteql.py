"""SuiteQL over the stored records: views under the vendor's table names, Oracle's functions, and its manners.

The queries run on a connection of their own that can only read.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.vendors.netsuite import dates
from sandbox.vendors.netsuite.errors import NetSuiteError
from sandbox.vendors.netsuite.views import VIEWS

_LITERAL = re.compile(r"('(?:[^']|'')*')")
_TABLE = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_REWRITTEN = (
    (re.compile(r"\btransaction\b", re.IGNORECASE), '"transaction"'),
    (re.compile(r"\bFETCH\s+(?:FIRST|NEXT)\s+(\d+)\s+ROWS?\s+ONLY\b", re.IGNORECASE), r"limit \1"),
    (re.compile(r"\bCAST\s*\(\s*([\w.]+)\s+AS\s+TIMESTAMP\s*\)", re.IGNORECASE), r"\1"),
)
_FORBIDDEN = re.compile(r"\bLIMIT\b|;|\bPRAGMA\b|\bATTACH\b", re.IGNORECASE)
LARGEST_PAGE = 1000


@dataclass(slots=True)
class Ways:
    """What an account may set: its zone, how it writes dates, and where a query ends."""

    time_zone: str = "Europe/Berlin"
    date_format: str = "MM/DD/YYYY"
    row_limit: int = 100_000


def table_of(query: str) -> str:
    """The table a query is about, for the books."""
    found = _TABLE.search(query)
    return found.group(1).lower() if found else "nothing"


class SuiteQl:
    """Runs queries."""

    def __init__(self, path: Path, ways: Ways) -> None:
        self.ways = ways
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
        self._complaints: list[str] = []
        self._define("local_time", 1, lambda stamp: dates.to_local(stamp, self.ways.time_zone))
        self._define("to_char", -1, dates.to_char)
        self._define("to_timestamp", 2, dates.to_timestamp)
        self._define("to_date", 2, dates.to_timestamp)
        self._define("from_tz", 2, dates.from_tz)
        self._define("sys_extract_utc", 1, dates.sys_extract_utc)
        self._define("nvl", 2, lambda value, other: other if value is None else value)
        for name, text in VIEWS.items():
            self._db.execute(f'create temp view "{name}" as {text}')

    def _define(self, name: str, count: int, function: Callable[..., Any]) -> None:
        def told(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except dates.OracleError as refused:
                self._complaints.append(str(refused))
                raise

        self._db.create_function(name, count, told, deterministic=False)

    def page(self, query: str, *, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        """The rows of one page and how many rows the query has; no more than the account's end."""
        if not 1 <= limit <= LARGEST_PAGE:
            raise _wrong(f"Invalid value '{limit}' for query parameter 'limit'.", "limit")
        if offset < 0 or offset % limit:
            raise _wrong("The offset must be a multiple of the limit.", "offset")
        text = _translated(query)
        total = min(self._run(f"select count(*) from ({text})").fetchone()[0], self.ways.row_limit)
        if offset and offset >= self.ways.row_limit:
            raise _wrong(f"Only the first {self.ways.row_limit} results can be read.", "offset")
        limit = min(limit, self.ways.row_limit - offset)
        found = self._run(f"select * from ({text}) limit {int(limit)} offset {int(offset)}")
        names = [column[0].lower() for column in found.description]
        return [self._row(names, values) for values in found], total

    def _run(self, text: str) -> sqlite3.Cursor:
        self._complaints.clear()
        try:
            return self._db.execute(text)
        except sqlite3.Error as wrong:
            said = next(iter(self._complaints), str(wrong))
            raise NetSuiteError(
                "INVALID_PARAMETER",
                f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {said}.",
                at={"o:errorPath": "q"},
            ) from wrong

    def _row(self, names: Iterable[str], values: Iterable[Any]) -> dict[str, Any]:
        """A row as the vendor sends it: text throughout, and no word of what is null."""
        told = ((name, self._told(value)) for name, value in zip(names, values, strict=True) if value is not None)
        return {"links": [], **dict(told)}

    def _told(self, value: Any) -> str:
        if isinstance(value, float):
            return f"{value:.10g}"
        text = str(value)
        return dates.as_the_account_writes(text, self.ways.date_format) if text.startswith(dates.LOCAL) else text


def _translated(query: str) -> str:
    """The query in SQLite's words; what is within quotes stays as it is."""
    parts = _LITERAL.split(query.strip())
    if not parts[0].lstrip().lower().startswith(("select", "with")):
        raise _wrong("Invalid search query. Only SELECT statements are supported.", "q")
    for place in range(0, len(parts), 2):
        if _FORBIDDEN.search(parts[place]):
            raise _wrong("Invalid search query. Search error occurred: Invalid or unsupported search.", "q")
        for pattern, replacement in _REWRITTEN:
            parts[place] = pattern.sub(replacement, parts[place])
    return "".join(parts)


def _wrong(detail: str, name: str) -> NetSuiteError:
    return NetSuiteError("INVALID_PARAMETER", detail, at={"o:errorQueryParam": name})
