"""SuiteQL: NetSuite's SQL over REST, in which times and dates are told as the account writes them.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html

Every page is a query of its own that begins behind the last record. Paging by offset would lose a record whenever
one before it is deleted meanwhile, and ends at 100,000 rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from concord.contract import ChangedBetween, Page, Resource, Session, Window
from concord.errors import ServerError
from concord.fields import Field, Kind
from concord.http.paging import ask, batched, prefetch

PATH = "/services/rest/query/v1/suiteql"
_KEYS_PER_QUERY = 500
_UTC_ZONES = frozenset({"GMT", "UTC", "Etc/GMT", "Etc/UTC"})
_TO_SECOND = "'YYYY-MM-DD HH24:MI:SS'"
_FARTHEST_ZONE = timedelta(days=1)


class _Rows(msgspec.Struct, rename="camel"):
    items: list[msgspec.Raw]
    has_more: bool


_rows = msgspec.json.Decoder(_Rows)
_row = msgspec.json.Decoder(dict[str, object])


@dataclass(frozen=True, slots=True)
class SuiteQl:
    """Reads one table, with `joins` behind it and `only` as a standing condition.

    Times are asked for in UTC and dates in ISO form; the connection's `time_zone` says in which zone the user of
    the integration sees them. `order` names the numbers, together unique, by which the pages go on.
    """

    table: str
    joins: str = ""
    only: str = ""
    order: tuple[str, ...] = ("id",)
    size: int = 1000

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records, or those changed within the window."""
        conditions: list[str] = []
        if window is not None and isinstance(resource.changes, ChangedBetween):
            column = self._column(resource.field(resource.changes.field))
            conditions = _within(column, window, session.connection.zone(None).key)
        return prefetch(self._read(session, resource, conditions))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records whose field has one of these values."""
        field = resource.field(name)
        is_number = (field.path,) == self.order
        for some in batched(values, _KEYS_PER_QUERY):
            numbers = [value for value in some if value.isdecimal()]
            listed = numbers if is_number else [_quoted(value) for value in some]
            if listed:
                yield from self._read(session, resource, [f"{self._column(field)} IN ({', '.join(listed)})"])

    def _read(self, session: Session, resource: Resource, conditions: Sequence[str]) -> Iterator[Page]:
        query = _Query(self, self._columns(session, resource), [*filter(None, [self.only]), *conditions])
        params = {"limit": str(self.size), "offset": "0"}
        asking = session.with_headers({"Prefer": "transient"})
        last: tuple[int, ...] | None = None
        while True:
            found = ask(asking, _rows, "POST", PATH, params=params, body={"q": query.after(last)})
            if found.items or last is None:
                yield found.items
            # A query that ends at its 100,000th row says no more of the rows behind it than one that is complete.
            if not found.has_more and len(found.items) < self.size:
                return
            last = self._next_after(found.items, last, resource)

    def _columns(self, session: Session, resource: Resource) -> str:
        zone = session.connection.zone(None).key
        named = {name: f"{self.table}.{name}" for name in self.order}
        named |= {field.path: _asked_for(self._column(field), field.kind, zone) for field in resource.fields}
        return ", ".join(f"{column} AS {name}" for name, column in named.items())

    def _column(self, field: Field) -> str:
        return field.select or f"{self.table}.{field.path}"

    def _next_after(self, page: Page, last: tuple[int, ...] | None, resource: Resource) -> tuple[int, ...]:
        """The place to go on from: pages that go by it cannot go in circles as long as it grows."""
        row = _row.decode(page[-1]) if page else {}
        values = [str(row.get(name)) for name in self.order]
        reached = tuple(int(value) for value in values if value.isdecimal())
        if len(reached) < len(self.order) or (last is not None and reached <= last):
            raise ServerError(
                f"The pages of {resource.name} go in circles: NetSuite's order by {', '.join(self.order)} "
                "is broken; run the task again.",
                resource=resource.name,
            )
        return reached


@dataclass(frozen=True, slots=True)
class _Query:
    """One reading; each page asks for what lies behind the last record of the page before."""

    source: SuiteQl
    columns: str
    conditions: Sequence[str]

    def after(self, last: tuple[int, ...] | None) -> str:
        """The query of the page that begins behind these numbers."""
        source = self.source
        order = [f"{source.table}.{name}" for name in source.order]
        conditions = [*self.conditions, *([_behind(order, last)] if last is not None else [])]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        tables = f"{source.table} {source.joins}".strip()
        return f"SELECT {self.columns} FROM {tables}{where} ORDER BY {', '.join(order)}"  # noqa: S608 # values are quoted


def _behind(order: Sequence[str], last: Sequence[int]) -> str:
    """`(a, b) > (1, 2)` in words that Oracle's dialect knows."""
    ways = []
    for place, column in enumerate(order):
        same = [f"{name} = {value}" for name, value in zip(order[:place], last, strict=False)]
        ways.append(" AND ".join([*same, f"{column} > {last[place]}"]))
    return f"({' OR '.join(f'({way})' for way in ways)})" if len(ways) > 1 else ways[0]


def _within(column: str, window: Window, zone: str) -> list[str]:
    """The window in UTC, and a wider one on the bare column, for which the database has an index."""
    exact, start, end = _in_utc(column, zone), _whole_second(window.start), _whole_second(window.end)
    return [
        f"{column} >= {_literal(start - _FARTHEST_ZONE)}",
        f"{column} < {_literal(end + _FARTHEST_ZONE)}",
        f"{exact} >= {_literal(start)}",
        f"{exact} < {_literal(end)}",
    ]


def _in_utc(column: str, zone: str) -> str:
    if zone in _UTC_ZONES:
        return column
    seconds = f"TO_TIMESTAMP(TO_CHAR({column}, {_TO_SECOND}), {_TO_SECOND})"
    return f"SYS_EXTRACT_UTC(FROM_TZ({seconds}, {_quoted(zone)}))"


def _asked_for(column: str, kind: Kind, zone: str) -> str:
    """The column as it must be asked for so that the answer does not depend on the account's formats."""
    match kind:
        case Kind.TIMESTAMP:
            return f'TO_CHAR({_in_utc(column, zone)}, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'
        case Kind.DATE:
            return f"TO_CHAR({column}, 'YYYY-MM-DD')"
    return column


def _whole_second(moment: datetime) -> datetime:
    """NetSuite keeps seconds, so both ends of a window move up to the next one alike."""
    moment = moment.astimezone(UTC)
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + timedelta(seconds=1)


def _literal(moment: datetime) -> str:
    return f"TO_TIMESTAMP('{moment:%Y-%m-%d %H:%M:%S}', {_TO_SECOND})"


def _quoted(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"
