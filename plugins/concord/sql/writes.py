"""Writes to a table row by row: updates that hold only for the version they were planned on, inserts made once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Integer, Select, TableClause, column, insert, literal, select, table, update

from concord.contract import Change, End, Outcome, Resource, Session
from concord.errors import ConcordError, RequestError
from concord.http.outcomes import confirmed, conflicted, rejected, settle_all
from concord.sql.link import Link, open_link
from concord.sql.tables import TEXT, SqlTable, key_column, key_of
from concord.sql.trouble import is_locked
from concord.sql.values import as_parameter

LOCKED_IN_A_ROW = 3
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class GuardedUpdates:
    """Updates one row a statement, where its guard still says what the plan saw; each commits by itself.

    `version` is the column that we count up, empty where the database does so itself. `marks` are constants
    that are written along, such as who it was. The change stamp of `target` is written too, if it is ours to.
    """

    target: SqlTable
    version: str = ""
    marks: Mapping[str, object] = field(default_factory=dict)
    stamps: bool = True
    size: int = 100

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; a record that somebody else holds is left for later, alone."""
        with open_link(session) as link:
            turns = _Turns(self, session, resource, link)
            return settle_all(([change] for change in changes), turns.send)

    def send(self, link: Link, session: Session, resource: Resource, change: Change) -> Outcome:
        """The outcome of one statement."""
        try:
            values = encoded(resource, change)
        except (ValueError, ArithmeticError) as error:
            return rejected(change, f"A value does not fit its column: {error}.")
        values |= self._own(session)
        statement = update(_table(self.target, values)).where(key_of(resource, _key(change)))
        guard = resource.writes.guard if resource.writes is not None else ""
        if guard and change.guard.get(guard) is not None:
            declared = resource.field(guard)
            statement = statement.where(
                column(declared.parts[0]) == as_parameter(declared, str(change.guard[guard]))
            )
        if link.write(statement.values(values)) == 1:
            return confirmed(change)
        told = f"({guard} moved)" if guard else "(the record is gone)"
        sentence = f"The target has changed since the plan was made {told}; the next plan will look at it again."
        return conflicted(change, sentence)

    def _own(self, session: Session) -> dict[str, object]:
        """What we write beside the change: who it was, when, and the next version."""
        own = dict(self.marks)
        if self.version:
            own[self.version] = column(self.version, Integer) + literal(1, Integer)
        return {**own, **(stamped(self.target, session) if self.stamps else {})}


@dataclass(slots=True)
class _Turns:
    """One pass over some changes, which ends when nothing but locks is met."""

    writer: GuardedUpdates
    session: Session
    resource: Resource
    link: Link
    locked: int = 0

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        (change,) = changes
        try:
            outcome = self.writer.send(self.link, self.session, self.resource, change)
        except ConcordError as error:
            self.locked = self.locked + 1 if is_locked(error) else 0
            if not is_locked(error) or self.locked >= LOCKED_IN_A_ROW:
                raise
            return [Outcome(change.change_id, End.HELD, change.key, f"Not written: {error.message}")]
        self.locked = 0
        return [outcome]


@dataclass(frozen=True, slots=True)
class InboxInserts:
    """Creates rows in a table that the other side's own job takes in; the key is our change id.

    A row that is there already is the one we inserted before, whose answer was lost.
    """

    target: SqlTable
    marks: Mapping[str, object] = field(default_factory=dict)
    created: str = ""
    size: int = 100
    finishes_creates: bool = True

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        with open_link(session) as link:
            return settle_all(
                ([change] for change in changes),
                lambda some: [self._insert(link, session, resource, change) for change in some],
            )

    def _insert(self, link: Link, session: Session, resource: Resource, change: Change) -> Outcome:
        key = key_column(resource)
        try:
            values = {key: change.change_id, **self.marks, **encoded(resource, change)}
        except (ValueError, ArithmeticError) as error:
            return rejected(change, f"A value does not fit its column: {error}.")
        now = stamped(self.target, session)
        values |= now
        if self.created:
            values[self.created] = next(iter(now.values()))
        try:
            link.write(insert(_table(self.target, values)).values(values))
        except RequestError:
            if not self._is_there(link, key, change.change_id):
                raise
        return confirmed(change, change.change_id)

    def _is_there(self, link: Link, key: str, value: str) -> bool:
        found: Select[Any] = select(column(key)).select_from(self.target.clause).where(column(key, TEXT) == value)
        return bool(link.read(found))


def encoded(resource: Resource, change: Change) -> dict[str, object]:
    """What is written, by column and as the column takes it."""
    fields = {name: resource.field(name) for name in change.after}
    return {item.write or item.parts[0]: item.form.encode(change.after[name]) for name, item in fields.items()}


def stamped(target: SqlTable, session: Session) -> dict[str, object]:
    """The change stamp as it is now."""
    if target.stamp is None:
        return {}
    now = target.stamp.write(datetime.now(UTC), session.connection.zone())
    return dict(zip(target.stamp.columns, now, strict=True))


def _table(target: SqlTable, names: Iterable[str]) -> TableClause:
    schema, _, name = target.name.rpartition(".")
    return table(name, *(column(each) for each in names), schema=schema or None)


def _key(change: Change) -> str:
    assert change.key is not None, "an update names its record"
    return change.key
