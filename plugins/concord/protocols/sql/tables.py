"""Reads a table by keyset pagination: each page begins behind the last row, in the order of change stamp and key.

No row is skipped or doubled while others write, and the database needs no offsets and no cursors.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, Select, String, TableClause, and_, column, or_, select, table
from sqlalchemy.types import NullType

from concord.contract import ChangedBetween, Field, Kind, Page, Resource, Session, Window
from concord.contract.fields import split_path
from concord.protocols.describing import paths_of
from concord.protocols.reading import Pages, batched
from concord.protocols.sql.link import Link, Row, open_link
from concord.protocols.sql.stamps import Stamp
from concord.protocols.sql.values import as_json, as_kind, as_parameter, kind_of, plain

OWN = "_concord"  # the member that the reader adds, with the change stamp as a moment in UTC
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # a window from here on takes rows without a stamp as well
LOWEST = datetime(1900, 1, 2, tzinfo=UTC)  # what is older is no stamp
# Text is sent as VARCHAR, but to PostgreSQL without a type, so that an index over CHAR is of use.
TEXT = String().with_variant(NullType(), "postgresql")


@dataclass(frozen=True, slots=True)
class SqlTable:
    """Reads `name`, which may say `schema.table`; the fields of the resource are its columns.

    A window needs `stamp`; `_concord.changed` is then the moment it means. `size` is rows per statement.
    """

    name: str
    stamp: Stamp | None = None
    size: int = 1000

    @property
    def clause(self) -> TableClause:
        """The table as statements name it."""
        schema, _, name = self.name.rpartition(".")
        return table(name, schema=schema or None)

    def describe(self, session: Session, resource: Resource) -> Mapping[str, Kind | None]:
        """What the database's catalogue says of the columns; the moment that the reader adds needs its own."""
        schema, _, name = self.name.rpartition(".")
        with open_link(session) as link:
            kinds = {item: kind_of(kind) for item, kind in link.columns(name, schema or None).items()}
        stamps = self.stamp.columns if self.stamp is not None else ()
        added = {OWN} if all(item in kinds for item in stamps) else set()
        heads = {path: split_path(path)[0] for path in paths_of(resource)}
        return {
            **kinds,
            **{path: kinds.get(head) for path, head in heads.items() if head in kinds or head in added},
        }

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All rows in the order of the key, or those changed within the window in the order of the stamp.

        With a window from the beginning come rows without a stamp, and rows without a key come last.
        """
        zone = session.connection.zone()
        with open_link(session) as link:
            for first, order in self._listings(resource, window, zone):
                for rows in self._pages(link, first, order):
                    yield [as_json(self._as_record(resource, row, zone)) for row in rows]

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all rows, in their order; empty for rows without one."""
        name, order = key_column(resource), self._order(resource, None)
        key: ColumnClause[Any] = column(name)
        chosen: Select[Any] = select(key).select_from(self.clause).limit(self.size)
        with open_link(session) as link:
            for rows in self._pages(link, chosen.where(key.is_not(None)).order_by(*order), order):
                yield [str(plain(row[name])) for row in rows]
            yield [""] * len(link.read(chosen.where(key.is_(None))))

    def _listings(
        self, resource: Resource, window: Window | None, zone: tzinfo
    ) -> "Iterator[tuple[Select[Any], list[ColumnClause[Any]]]]":
        """The first pages of rows with stamp and key, of rows that windows pass over, and of rows without a key.

        Each has an order of its own, because no page begins behind a row whose place in the order is null.
        """
        key: ColumnClause[Any] = column(key_column(resource))
        yield self.first_page(resource, window, zone), self._order(resource, window)
        rows = self._select(resource).limit(self.size)
        passed_over = [] if window is None else list(self._passed_over(resource, window, zone))
        if passed_over:
            order = self._order(resource, None)
            yield rows.where(or_(*passed_over), key.is_not(None)).order_by(*order), order
        yield rows.where(key.is_(None), *(self._bounds(window, zone) if window is not None else ())), []

    def _pages(self, link: Link, first: "Select[Any]", order: "list[ColumnClause[Any]]") -> Iterator[list[Row]]:
        """The rows of the first page, and of those that begin behind the last row of the page before."""
        rows, last = link.read(first), None
        while rows:
            yield rows
            if len(rows) < self.size or not order:
                return
            before, last = last, tuple(rows[-1][item.name] for item in order)
            if last == before:
                raise Pages(self.name).circle("row")
            rows = link.read(first.where(_is_beyond(order, last)))

    def first_page(self, resource: Resource, window: Window | None, zone: tzinfo) -> "Select[Any]":
        """The query for the first page; each later one begins behind the last row."""
        statement = self._select(resource).order_by(*self._order(resource, window)).limit(self.size)
        statement = statement.where(column(key_column(resource)).is_not(None))
        for condition in self._bounds(window, zone) if window is not None else ():
            statement = statement.where(condition)
        return statement

    def _order(self, resource: Resource, window: Window | None) -> "list[ColumnClause[Any]]":
        stamps = self.stamp.columns if self.stamp is not None and window is not None else ()
        return [column(name, TEXT) for name in (*stamps, key_column(resource))]

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The rows whose column has one of the values."""
        field, zone = resource.field(name), session.connection.zone()
        with open_link(session) as link:
            for some in batched(values, self.size):
                wanted = column(field.parts[0], TEXT).in_([as_parameter(field, value) for value in some])
                rows = link.read(self._select(resource).where(wanted))
                yield [as_json(self._as_record(resource, row, zone)) for row in rows]

    def _select(self, resource: Resource) -> "Select[Any]":
        stamps = self.stamp.columns if self.stamp is not None else ()
        names = [item.parts[0] for item in resource.fields if item.parts[0] != OWN]
        columns: list[ColumnClause[Any]] = [column(name) for name in dict.fromkeys([*names, *stamps])]
        chosen: Select[Any] = select(*columns)
        return chosen.select_from(self.clause)

    def _bounds(self, window: Window, zone: tzinfo) -> Iterator[ColumnElement[bool]]:
        columns, stamp = self._stamp_columns()
        starts = stamp.write(window.start if window.start > EARLIEST else LOWEST, zone)
        yield _is_beyond(columns, starts, or_at=True)
        yield from (item.is_not(None) for item in columns)
        if not window.is_open:
            ends = stamp.write(window.end, zone)
            yield columns[0] <= ends[0]
            yield _is_before(columns, ends)

    def _passed_over(self, resource: Resource, window: Window, zone: tzinfo) -> "Iterator[ColumnElement[bool]]":
        """Which rows are read beside those that changed in the window, because no window would ever meet them.

        Rows without a stamp come with a window from the beginning. Where no keys are listed, by which such rows
        are found, they come with a window without an end too.
        """
        changes = resource.changes
        lists_keys = isinstance(changes, ChangedBetween) and changes.vanish_limit is not None
        if window.start <= EARLIEST or (window.is_open and not lists_keys):
            yield self._is_unstamped(zone)

    def _is_unstamped(self, zone: tzinfo) -> ColumnElement[bool]:
        """Whether a row has no stamp: null, or zero or another stand-in that comes before every moment."""
        columns, stamp = self._stamp_columns()
        return or_(columns[0] <= stamp.write(LOWEST, zone)[0], *(item.is_(None) for item in columns))

    def _stamp_columns(self) -> "tuple[list[ColumnClause[Any]], Stamp]":
        assert self.stamp is not None, f"{self.name} is read by windows, which need a stamp"
        return [column(name, TEXT) for name in self.stamp.columns], self.stamp

    def _as_record(self, resource: Resource, row: Row, zone: tzinfo) -> Mapping[str, object]:
        """The row in the form of the declared kinds, its key as text, its change stamp as a moment in UTC."""
        key = key_column(resource)
        record = dict(row)
        for item in resource.fields:
            if item.path in row:
                record[item.path] = as_kind(item.kind, row[item.path], zone)
        record[key] = None if row[key] is None else str(plain(row[key]))
        if self.stamp is not None:
            moment = self.stamp.read([row[name] for name in self.stamp.columns], zone)
            record[OWN] = {"changed": moment.isoformat() if moment else None}
        return record


def key_column(resource: Resource) -> str:
    """The column of the key."""
    return resource.field(resource.key).parts[0]


def key_of(resource: Resource, key: str) -> ColumnElement[bool]:
    """The condition that names one row."""
    field: Field = resource.field(resource.key)
    return column(field.parts[0], TEXT) == as_parameter(field, key)


def _is_beyond(
    columns: Sequence[ColumnClause[Any]], last: Sequence[object], *, or_at: bool = False
) -> ColumnElement[bool]:
    """Whether a row comes after these values, or at them (`or_at`), in SQL that every dialect has."""
    first, value = columns[0], last[0]
    if len(columns) == 1:
        return first >= value if or_at else first > value
    rest = _is_beyond(columns[1:], last[1:], or_at=or_at)
    return and_(first >= value, or_(first > value, rest))


def _is_before(columns: Sequence[ColumnClause[Any]], last: Sequence[object]) -> ColumnElement[bool]:
    first, value = columns[0], last[0]
    if len(columns) == 1:
        return first < value
    return or_(first < value, and_(first == value, _is_before(columns[1:], last[1:])))
