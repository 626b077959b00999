"""SuiteQL over the stored records: views under the vendor's table names, and the functions of Oracle.

The queries run on a separate connection that can only read.
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
_INNERMOST = re.compile(r"\([^()]*\)")
_REWRITTEN = (
    (re.compile(r"\btransaction\b", re.IGNORECASE), '"transaction"'),
    (re.compile(r"\bFETCH\s+(?:FIRST|NEXT)\s+(\d+)\s+ROWS?\s+ONLY\b", re.IGNORECASE), r"limit \1"),
    (re.compile(r"\bCAST\s*\(\s*([\w.]+)\s+AS\s+TIMESTAMP\s*\)", re.IGNORECASE), r"\1"),
)
_FORBIDDEN = re.compile(r"\bLIMIT\b|;|\bPRAGMA\b|\bATTACH\b", re.IGNORECASE)
LARGEST_PAGE = 1000


@dataclass(slots=True)
class AccountSettings:
    """Settings of an account: its time zone, its date format, and how many rows of a query can be read."""

    time_zone: str = "Europe/Berlin"
    date_format: str = "MM/DD/YYYY"
    row_limit: int = 100_000


def table_of(query: str) -> str:
    """The first table of a query, by which its call is named; subqueries do not count."""
    while _INNERMOST.search(query):
        query = _INNERMOST.sub("", query)
    found = _TABLE.search(query)
    return found.group(1).lower() if found else "nothing"


class SuiteQl:
    """Runs queries."""

    def __init__(self, path: Path, settings: AccountSettings) -> None:
        self.settings = settings
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
        self._complaints: list[str] = []
        self._define("local_time", 1, lambda stamp: dates.to_local(stamp, self.settings.time_zone))
        self._define("to_char", -1, dates.to_char)
        self._define("to_timestamp", 2, dates.to_timestamp)
        self._define("to_date", 2, dates.to_timestamp)
        self._define("from_tz", 2, dates.from_tz)
        self._define("sys_extract_utc", 1, dates.sys_extract_utc)
        self._define("nvl", 2, lambda value, other: other if value is None else value)
        self.columns: dict[str, dict[str, str]] = {}
        for name, text in VIEWS.items():
            self._db.execute(f'create temp view "{name}" as {text}')
            found = self._db.execute(f'select * from "{name}" limit 0').description
            self.columns[name] = {column[0]: column[0] for column in found}

    def _define(self, name: str, count: int, function: Callable[..., Any]) -> None:
        def told(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except dates.OracleError as refused:
                self._complaints.append(str(refused))
                raise

        self._db.create_function(name, count, told, deterministic=False)

    def remake_views(self) -> None:
        """Make the views anew, of the columns that the account has; one without columns is no table."""
        for name, text in VIEWS.items():
            self._db.execute(f'drop view if exists temp."{name}"')
            if columns := ", ".join(f'"{column}"' for column in self.columns[name]):
                self._db.execute(f'create temp view "{name}" as select {columns} from ({text})')

    def page(self, query: str, *, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        """The rows of one page, and how many rows the query has; at most `row_limit` of the account."""
        if not 1 <= limit <= LARGEST_PAGE:
            raise _wrong(f"Invalid value '{limit}' for query parameter 'limit'.", "limit")
        if offset < 0 or offset % limit:
            raise _wrong("The offset must be a multiple of the limit.", "offset")
        text = _translated(query)
        total = min(self._run(f"select count(*) from ({text})").fetchone()[0], self.settings.row_limit)
        if offset and offset >= self.settings.row_limit:
            raise _wrong(f"Only the first {self.settings.row_limit} results can be read.", "offset")
        limit = min(limit, self.settings.row_limit - offset)
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
        """A row as the vendor sends it: all values are text, and null values are left out."""
        told = ((name, self._told(value)) for name, value in zip(names, values, strict=True) if value is not None)
        return {"links": [], **dict(told)}

    def _told(self, value: Any) -> str:
        if isinstance(value, float):
            return f"{value:.10g}"
        text = str(value)
        return (
            dates.as_the_account_writes(text, self.settings.date_format) if text.startswith(dates.LOCAL) else text
        )


def _translated(query: str) -> str:
    """The query in the SQL of SQLite; quoted text is not changed."""
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
