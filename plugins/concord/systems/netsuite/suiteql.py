"""SuiteQL: NetSuite's SQL over REST, in which times and dates have the format of the account.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html

Every page is a query of its own that begins behind the last record. Paging by offset would lose a record whenever
one before it is deleted meanwhile, and ends at 100,000 rows.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec

from concord.contract import ChangedBetween, Field, Kind, Page, Resource, Session, Window
from concord.errors import ConfigurationError, RequestError, ServerError
from concord.protocols.counting import check_total
from concord.protocols.reading import ask, batched, keys_in, last_readable, only_key, prefetch
from concord.protocols.values import decoder_at
from concord.systems.netsuite.catalogue import read_record_type

PATH = "/services/rest/query/v1/suiteql"
_KEYS_PER_QUERY = 500
_UTC_ZONES = frozenset({"GMT", "UTC", "Etc/GMT", "Etc/UTC"})
_TO_SECOND = "'YYYY-MM-DD HH24:MI:SS'"
_LONGEST = 18  # digits of a number by which pages are ordered
_FARTHEST_ZONE = timedelta(days=1)


class _Rows(msgspec.Struct, rename="camel"):
    items: list[msgspec.Raw]
    has_more: bool
    total_results: int | None = None


_JOIN = re.compile(r"(?=(?:LEFT )?JOIN )(?<!LEFT )")  # where a join begins
_JOINED = re.compile(r"JOIN (\w+)")
_BAD_QUERY = 400
_rows = msgspec.json.Decoder(_Rows)


@dataclass(frozen=True, slots=True)
class SuiteQl:
    """Reads one table, with `joins` behind it and `only` as a standing condition.

    Times are asked for in UTC and dates in ISO form; the connection's `time_zone` says in which zone the user of
    the integration sees them. `order` names the numbers, together unique, by which the pages go on. A join whose
    table no field is selected from is left out: the account may have no such table. `record` is the record type
    by which the metadata catalogue describes the table, empty where it has none. `options` are ids that the
    `select` of a field names in braces: the extra field of the connection that says one, and its default.
    """

    table: str
    joins: str = ""
    only: str = ""
    order: tuple[str, ...] = ("id",)
    size: int = 1000
    record: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def describe(self, session: Session, resource: Resource) -> Mapping[str, Kind | None]:
        """The declared columns that a query finds, and what else the metadata catalogue has, whose kinds count.

        The catalogue also names fields that no query finds, so it does not decide about the declared ones.
        """
        if self._is_answered(session, resource):
            there = list(resource.fields)
        else:
            there = [item for item in resource.fields if self._is_answered(session, _alone(resource, item))]
        kinds = self._kinds(session) if there else {}
        own = frozenset(item.path for item in there if not item.select)
        declared = {item.path for item in resource.fields}
        further = {path: kind for path, kind in kinds.items() if path not in declared}
        return further | {item.path: kinds.get(item.path) if item.path in own else None for item in there}

    def _is_answered(self, session: Session, resource: Resource) -> bool:
        """Whether the account has all columns of the fields, which a query without results tells."""
        nothing = f"{self.table}.{self.order[0]} = -1"
        query = _Query(self, self._columns(session, resource), [nothing], self._joins(resource))
        asking = session.with_headers({"Prefer": "transient"})
        try:
            ask(asking, _rows, "POST", PATH, params={"limit": "1", "offset": "0"}, body={"q": query.after(None)})
        except RequestError as error:
            if error.facts.get("status") != _BAD_QUERY:
                raise
            return False
        return True

    def _kinds(self, session: Session) -> Mapping[str, Kind | None]:
        try:
            return read_record_type(session, self.record) if self.record else {}
        except RequestError:  # the role may not read the catalogue
            return {}

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records, or those changed within the window."""
        conditions: list[str] = []
        if window is not None and isinstance(resource.changes, ChangedBetween):
            column = self._column(resource.field(resource.changes.field))
            conditions = _within(column, window, session.connection.zone(None).key)
        return prefetch(self._read(session, resource, conditions))

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all records."""
        return keys_in(resource, self.read_window(session, only_key(resource), None))

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
        standing = [*filter(None, [self.only]), *conditions]
        query = _Query(self, self._columns(session, resource), standing, self._joins(resource))
        params = {"limit": str(self.size), "offset": "0"}
        asking = session.with_headers({"Prefer": "transient"})
        last: tuple[int, ...] | None = None
        while True:
            found = ask(asking, _rows, "POST", PATH, params=params, body={"q": query.after(last)})
            if found.items or last is None:
                yield found.items
            # A query that ends at its 100,000th row says no more of the rows behind it than one that is complete.
            if not found.has_more and len(found.items) < self.size:
                check_total(resource.name, len(found.items), found.total_results)
                return
            last = self._next_after(found.items, last, resource)

    def _columns(self, session: Session, resource: Resource) -> str:
        zone = session.connection.zone(None).key
        named = {name: f"{self.table}.{name}" for name in self.order}
        for item in resource.fields:
            named[item.path] = _asked_for(self._with_options(session, self._column(item)), item.kind, zone)
        return ", ".join(f"{column} AS {name}" for name, column in named.items())

    def _joins(self, resource: Resource) -> str:
        """The joins, where the condition or a field needs their table."""
        selected = " ".join([self.only, *(field.select for field in resource.fields)])
        parts = _JOIN.split(self.joins)
        needed = [part.strip() for part in parts if part and f"{_JOINED.split(part)[1]}." in selected]
        return " ".join(needed)

    def _column(self, field: Field) -> str:
        return field.select or f"{self.table}.{field.path}"

    def _with_options(self, session: Session, column: str) -> str:
        """The column with the account's ids in place of the names in braces."""
        for name, default in self.options.items():
            if f"{{{name}}}" in column:
                column = column.replace(f"{{{name}}}", _id_in(session, name, default))
        return column

    def _next_after(self, page: Page, last: tuple[int, ...] | None, resource: Resource) -> tuple[int, ...]:
        """The numbers behind which the next page begins; a `ServerError` where they do not grow."""
        reached = last_readable(page, self._place_of)
        if reached is None or (last is not None and reached <= last):
            raise ServerError(
                f"The pages of {resource.name} repeat themselves: NetSuite's order by {', '.join(self.order)} "
                "is broken; run the task again.",
                resource=resource.name,
            )
        return reached

    def _place_of(self, raw: msgspec.Raw) -> tuple[int, ...] | None:
        """The numbers of a record in the order of the pages, None where one of them cannot be read."""
        values = [str(decoder_at(name)(bytes(raw))) for name in self.order]
        is_readable = all(value.isascii() and value.isdecimal() and len(value) <= _LONGEST for value in values)
        return tuple(int(value) for value in values) if is_readable else None


def _id_in(session: Session, name: str, default: str) -> str:
    value = session.option(name, default)
    if not (value.isascii() and value.isdecimal()):
        sentence = f'"{name}" in the extra fields of {session.connection.name} is no internal id; give a number.'
        raise ConfigurationError(sentence, option=name)
    return value


def _alone(resource: Resource, item: Field) -> Resource:
    """The resource with its key and this field."""
    only = only_key(resource)
    return only if item in only.fields else replace(only, fields=(*only.fields, item))


@dataclass(frozen=True, slots=True)
class _Query:
    """One reading; each page asks for what lies behind the last record of the page before."""

    source: SuiteQl
    columns: str
    conditions: Sequence[str]
    joins: str

    def after(self, last: tuple[int, ...] | None) -> str:
        """The query of the page that begins behind these numbers."""
        source = self.source
        order = [f"{source.table}.{name}" for name in source.order]
        conditions = [*self.conditions, *([_behind(order, last)] if last is not None else [])]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        tables = f"{source.table} {self.joins}".strip()
        return f"SELECT {self.columns} FROM {tables}{where} ORDER BY {', '.join(order)}"  # noqa: S608 # values are quoted


def _behind(order: Sequence[str], last: Sequence[int]) -> str:
    """`(a, b) > (1, 2)` in words that Oracle's dialect knows."""
    ways = []
    for count, column in enumerate(order):
        same = [f"{name} = {value}" for name, value in zip(order[:count], last, strict=False)]
        ways.append(" AND ".join([*same, f"{column} > {last[count]}"]))
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
    """The column as it must be asked for so that its value does not depend on the account's formats."""
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
