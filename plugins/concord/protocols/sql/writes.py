"""Writes to a table row by row: updates of rows that are still as the plan saw them, and inserts made once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import Integer, TableClause, column, insert, literal, table, update

from concord.contract import Change, Outcome, Resource, Session
from concord.errors import ConcordError, RequestError
from concord.protocols.sql.checks import read_back, refuse_other_values, write_checked
from concord.protocols.sql.link import Link, Row, open_link
from concord.protocols.sql.tables import TEXT, SqlTable, key_column, key_of
from concord.protocols.sql.trouble import is_locked
from concord.protocols.sql.values import as_parameter
from concord.protocols.writing import confirmed, conflicted, held, rejected, settle_all

LOCKED_IN_A_ROW = 3
_LATER = "the next plan will look at it again"
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class GuardedUpdates:
    """Updates one row a transaction, if its guard says what the plan saw and the row then says what was asked.

    `version` is the column that Concord counts up, empty where the database does so itself. `marks` are constants
    that are written along, such as the name of the writer. With `stamps` the change stamp of `target` is written
    too.
    """

    target: SqlTable
    version: str = ""
    marks: Mapping[str, object] = field(default_factory=dict)
    stamps: bool = True
    size: int = 100
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; a row that another process has locked is held, and the others are written."""
        with open_link(session) as link:
            run = _UpdateRun(self, session, resource, link)
            return settle_all(([change] for change in changes), run.send)

    def send(self, link: Link, session: Session, resource: Resource, change: Change) -> Outcome:
        """The outcome of one update."""
        try:
            asked = encoded(resource, change)
        except (ValueError, ArithmeticError) as error:
            return rejected(change, f"A value does not fit its column: {error}.")
        values = asked | self._constants(session)
        statement = update(_table(self.target, values)).where(key_of(resource, _key(change)))
        for declared in map(resource.field, resource.guards):
            if (seen := change.guard.get(declared.name)) is not None:
                statement = statement.where(column(declared.parts[0]) == as_parameter(declared, str(seen)))
        back = read_back(self.target, list(asked), key_of(resource, _key(change)))

        def judge(count: int, rows: Sequence[Row]) -> Outcome:
            if count == 0:
                guards = " or ".join(resource.guards)
                reason = f"({guards} moved)" if guards else "(the record is gone)"
                return conflicted(change, f"The target has changed since the plan was made {reason}; {_LATER}.")
            refuse_other_values(asked, count, rows, session.connection.zone())
            return confirmed(change)

        return write_checked(link, statement.values(values), back, judge)

    def _constants(self, session: Session) -> dict[str, object]:
        """What is written beside the change: the marks, the next version, and the change stamp."""
        constants = dict(self.marks)
        if self.version:
            constants[self.version] = column(self.version, Integer) + literal(1, Integer)
        return {**constants, **(stamped(self.target, session) if self.stamps else {})}


@dataclass(slots=True)
class _UpdateRun:
    """The statements of one call, which end when several rows in a row are locked."""

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
            return [held(change, error.message)]
        self.locked = 0
        return [outcome]


@dataclass(frozen=True, slots=True)
class InboxInserts:
    """Creates rows in a table that a job of the other side takes in; the key is the change id.

    A row that is there already was inserted by an earlier call, whose answer was lost.
    """

    target: SqlTable
    marks: Mapping[str, object] = field(default_factory=dict)
    created: str = ""
    size: int = 100
    finishes_creates: ClassVar[bool] = True

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
            asked = {key: change.change_id, **encoded(resource, change)}
        except (ValueError, ArithmeticError) as error:
            return rejected(change, f"A value does not fit its column: {error}.")
        now = stamped(self.target, session)
        values = {**self.marks, **asked, **now}
        if self.created:
            values[self.created] = next(iter(now.values()))
        back = read_back(self.target, list(asked), column(key, TEXT) == change.change_id)

        def judge(count: int, rows: Sequence[Row]) -> Outcome:
            refuse_other_values(asked, count, rows, session.connection.zone())
            return confirmed(change, change.change_id)

        try:
            return write_checked(link, insert(_table(self.target, values)).values(values), back, judge)
        except RequestError:
            if not link.read(back):
                raise
        return confirmed(change, change.change_id)


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
