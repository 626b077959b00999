"""One connection to a database that has few to give: short statements, each committed by itself.

Between two statements no transaction is open and no lock is held. What failed without a trace is asked again;
a write that may have arrived is not. A refused login is tried once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection as DatabaseConnection
from sqlalchemy import Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

from concord.contract import Session
from concord.errors import ConcordError, RateLimitError, TransientError
from concord.sql.dialects import manner_of, new_engine
from concord.sql.hours import require_open
from concord.sql.trouble import as_ours, is_locked

ATTEMPTS = 4
FIRST_WAIT = 1.0
Result = TypeVar("Result")
Row = Mapping[str, object]


class DatabaseLogin:
    """Login and password go with the connection to the database; there is nothing to add to a call."""

    def headers(self, session: Session) -> Mapping[str, str]:
        """None."""
        return {}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """A database login does not end."""


class Link:
    """A connection that is opened when it is needed, and again after it broke; close it to give it back."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._engine = new_engine(session.connection)
        self._connection: DatabaseConnection | None = None

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def read(self, statement: "Select[Any]") -> list[Row]:
        """All rows of a short query, by column name."""
        return self._patiently(
            lambda connection: [dict(row) for row in connection.execute(statement).mappings()],
            lambda error: isinstance(error, TransientError),
            is_write=False,
        )

    def write(self, statement: UpdateBase) -> int:
        """How many rows a write changed; it is sent again only where the database says that it left no trace."""
        return self._patiently(
            lambda connection: int(connection.execute(statement).rowcount), is_locked, is_write=True
        )

    def _patiently(
        self,
        call: Callable[[DatabaseConnection], Result],
        may_repeat: Callable[[ConcordError], bool],
        *,
        is_write: bool,
    ) -> Result:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._run(call, is_write=is_write)
            except RateLimitError:
                raise
            except ConcordError as error:
                if attempt == ATTEMPTS or not may_repeat(error):
                    raise
            self._session.pause(FIRST_WAIT * 2 ** (attempt - 1))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _run(self, call: Callable[[DatabaseConnection], Result], *, is_write: bool) -> Result:
        require_open(self._session)
        self._session.take_turn()
        connection = self._connection or self._open()
        try:
            return call(connection)
        except DBAPIError as error:
            if error.connection_invalidated:
                self.close()
            raise self._as_ours(error, is_write=is_write) from error

    def _open(self) -> DatabaseConnection:
        opened: DatabaseConnection | None = None
        try:
            opened = self._engine.connect()
            for statement in self._bounds(opened):
                opened.exec_driver_sql(statement)
        except DBAPIError as error:
            if opened is not None:
                opened.close()
            raise self._as_ours(error, is_write=False) from error
        self._connection = opened
        return opened

    def _bounds(self, opened: DatabaseConnection) -> Sequence[str]:
        """The statements that keep every other one short; a bound only the driver knows is set here."""
        manner = manner_of(self._engine)
        said = self._session.connection
        statement, lock = said.number("statement_seconds", 60), said.number("lock_seconds", 5)
        if manner.attribute:
            setattr(opened.connection.dbapi_connection, manner.attribute, max(1, int(statement * manner.unit)))
        bounds = {
            "statement_ms": max(1, int(statement * 1000)),
            "statement_s": max(1, int(statement)),
            "lock_ms": max(1, int(lock * 1000)),
            "lock_s": max(1, int(lock)),
        }
        return [text.format_map(bounds) for text in manner.start]

    def _as_ours(self, error: DBAPIError, *, is_write: bool) -> ConcordError:
        name, dialect = self._session.connection.name, self._engine.dialect.name
        return as_ours(error, dialect=dialect, name=name, is_write=is_write)


@contextmanager
def open_link(session: Session) -> Iterator[Link]:
    """A link that is closed at the end of the block."""
    link = Link(session)
    try:
        yield link
    finally:
        link.close()
