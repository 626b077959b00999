"""Reads a table by keyset: page after page behind the last row seen, over the change stamp and the key.

It neither skips nor doubles rows while others write, and never asks the database to count or to remember.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, Select, String, TableClause, and_, column, or_, select, table
from sqlalchemy.types import NullType

from concord.contract import Page, Resource, Session, Window
from concord.fields import Field
from concord.http.paging import batched
from concord.sql.link import Row, open_link
from concord.sql.stamps import Stamp
from concord.sql.values import as_json, as_parameter, plain

OWN = "_concord"  # what the reader adds: the change stamp as a moment in UTC
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # a window from here on takes rows without a stamp as well
Place = tuple[object, ...]
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

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All rows in the order of the key, or those changed within the window in the order of the stamp."""
        zone, order = session.connection.zone(), self._order(resource, window)
        statement = self.first_page(resource, window, zone)
        with open_link(session) as link:
            place: Place | None = None
            while True:
                behind = statement if place is None else statement.where(_is_beyond(order, place))
                rows = link.read(behind)
                if rows:
                    yield [as_json(self._told(resource, row, zone)) for row in rows]
                if len(rows) < self.size:
                    return
                place = tuple(rows[-1][item.name] for item in order)

    def first_page(self, resource: Resource, window: Window | None, zone: tzinfo) -> "Select[Any]":
        """The query for the first page; each later one begins behind the last row."""
        statement = self._select(resource).order_by(*self._order(resource, window)).limit(self.size)
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
                yield [as_json(self._told(resource, row, zone)) for row in rows]

    def _select(self, resource: Resource) -> "Select[Any]":
        stamps = self.stamp.columns if self.stamp is not None else ()
        names = [item.parts[0] for item in resource.fields if item.parts[0] != OWN]
        columns: list[ColumnClause[Any]] = [column(name) for name in dict.fromkeys([*names, *stamps])]
        chosen: Select[Any] = select(*columns)
        return chosen.select_from(self.clause)

    def _bounds(self, window: Window, zone: tzinfo) -> Iterator[ColumnElement[bool]]:
        assert self.stamp is not None, f"{self.name} is read by windows, which need a stamp"
        columns: list[ColumnClause[Any]] = [column(name, TEXT) for name in self.stamp.columns]
        if window.start > EARLIEST:
            yield _is_beyond(columns, self.stamp.write(window.start, zone), or_at=True)
        ends = self.stamp.write(window.end, zone)
        yield columns[0] <= ends[0]
        yield _is_before(columns, ends)

    def _told(self, resource: Resource, row: Row, zone: tzinfo) -> Mapping[str, object]:
        """The row with its key as text and its stamp as a moment."""
        key = key_column(resource)
        told = {**row, key: str(plain(row[key]))}
        if self.stamp is not None:
            moment = self.stamp.read([row[name] for name in self.stamp.columns], zone)
            told[OWN] = {"changed": moment.isoformat() if moment else None}
        return told


def key_column(resource: Resource) -> str:
    """The column of the key."""
    return resource.field(resource.key).parts[0]


def key_of(resource: Resource, key: str) -> ColumnElement[bool]:
    """The condition that names one row."""
    field: Field = resource.field(resource.key)
    return column(field.parts[0], TEXT) == as_parameter(field, key)


def _is_beyond(columns: Sequence[ColumnClause[Any]], place: Place, *, or_at: bool = False) -> ColumnElement[bool]:
    """Behind a place in the order of the columns; in words that every dialect has."""
    first, value = columns[0], place[0]
    if len(columns) == 1:
        return first >= value if or_at else first > value
    rest = _is_beyond(columns[1:], place[1:], or_at=or_at)
    return and_(first >= value, or_(first > value, rest))


def _is_before(columns: Sequence[ColumnClause[Any]], place: Place) -> ColumnElement[bool]:
    first, value = columns[0], place[0]
    if len(columns) == 1:
        return first < value
    return or_(first < value, and_(first == value, _is_before(columns[1:], place[1:])))
