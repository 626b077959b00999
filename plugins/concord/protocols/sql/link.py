"""One connection to a database: short reads, and writes that are read back before they are committed.

Between two calls no transaction is open and no lock is held. A statement that failed without effect is sent
again, a write that may have taken effect is not. A refused login is tried once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection as DatabaseConnection
from sqlalchemy import Select, inspect
from sqlalchemy.exc import DBAPIError, NoSuchTableError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

from concord.contract import Session
from concord.errors import ConcordError, ConfigurationError, RateLimitError, RequestError
from concord.protocols.session.retries import Backoff, is_transient, retry
from concord.protocols.sql.dialects import accept_any_bytes, dialect_of, new_engine
from concord.protocols.sql.hours import require_open
from concord.protocols.sql.trouble import as_ours, is_locked

_BACKOFF = Backoff(attempts=4, first_wait=1.0)
_NO_TEXT = "A row holds a text that is not in the character set of the database; correct the row there."
_NO_UTF_8 = ("Could not decode to UTF-8", "invalid byte sequence for encoding")
Result = TypeVar("Result")
Row = Mapping[str, object]
Judge = Callable[[int, Sequence[Row]], Result]


class UndecodableError(RequestError):
    """A row holds a text that is not in the character set that the database names."""


class DatabaseLogin:
    """The login of a database, whose login and password go with the connection; it adds no headers."""

    def headers(self, session: Session) -> Mapping[str, str]:
        """None."""
        return {}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Nothing to forget: a database login does not expire."""


class Link:
    """A connection that is opened when it is needed, and again after it broke; `close` ends it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._engine = new_engine(session.connection)
        self._connection: DatabaseConnection | None = None
        self._takes_any_bytes = False

    @property
    def dialect(self) -> str:
        """The name of the database's dialect."""
        return str(self._engine.dialect.name)

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def read(self, statement: "Select[Any]") -> list[Row]:
        """All rows of a short query, by column name.

        Where a text is no UTF-8 they are read again with each such byte as half of a letter. No database keeps
        that, so the row is set aside when it lands.
        """
        try:
            return self._read(statement)
        except UndecodableError:
            if self._takes_any_bytes:
                raise
            self.close()
            self._takes_any_bytes = True
            return self._read(statement)

    def columns(self, table: str, schema: str | None) -> dict[str, TypeEngine[Any]]:
        """The columns of a table with their types; a `ConfigurationError` where there is no such table."""

        def list_columns(connection: DatabaseConnection) -> dict[str, TypeEngine[Any]]:
            found = inspect(connection).get_columns(table, schema)
            return {str(column["name"]): column["type"] for column in found}

        try:
            return self._run(list_columns, is_write=False)
        except NoSuchTableError as error:
            raise ConfigurationError(
                f"The database has no table {table} that this login may see; correct the connection or the "
                "declaration of the system.",
                table=table,
            ) from error

    def _read(self, statement: "Select[Any]") -> list[Row]:
        return retry(
            lambda: self._run(lambda connection: _rows(connection, statement), is_write=False),
            _BACKOFF,
            self._session.pause,
            may_repeat=lambda error: is_transient(error) and not isinstance(error, RateLimitError),
        )

    def write(self, statement: UpdateBase, back: "Select[Any]", judge: "Judge[Result]") -> Result:
        """Carry out a write, read it back in the same transaction, and return what `judge` makes of it.

        `judge` gets the number of rows that the database says it changed, and the rows that `back` finds then;
        an error that it raises undoes the write. The write is sent again only where a lock kept it from taking
        effect.
        """
        return retry(
            lambda: self._run(lambda connection: _write(connection, statement, back, judge), is_write=True),
            _BACKOFF,
            self._session.pause,
            may_repeat=is_locked,
        )

    def _run(self, call: Callable[[DatabaseConnection], Result], *, is_write: bool) -> Result:
        require_open(self._session)
        self._session.wait_for_rate_limit()
        connection = self._connection or self._open()
        try:
            return call(connection)
        except DBAPIError as error:
            if error.connection_invalidated:
                self.close()
            if not is_write and any(words in str(error.orig) for words in _NO_UTF_8):
                raise UndecodableError(_NO_TEXT) from error
            raise self._as_ours(error, is_write=is_write) from error
        except UnicodeDecodeError as error:
            raise UndecodableError(_NO_TEXT) from error
        except UnicodeEncodeError as error:
            raise RequestError(
                "A value holds a letter that the database cannot be sent; correct it at its source."
            ) from error

    def _open(self) -> DatabaseConnection:
        opened: DatabaseConnection | None = None
        try:
            opened = self._engine.connect()
            if self._takes_any_bytes:
                accept_any_bytes(opened.connection.dbapi_connection)
            for statement in self._bounds(opened):
                opened.exec_driver_sql(statement)
            self._note_clock(opened)
        except DBAPIError as error:
            if opened is not None:
                opened.close()
            raise self._as_ours(error, is_write=False) from error
        self._connection = opened
        return opened

    def _note_clock(self, opened: DatabaseConnection) -> None:
        """Tell the session what the server's clock shows, where the dialect knows how to ask."""
        if question := dialect_of(self._engine).clock:
            sent = datetime.now(UTC)
            said = opened.exec_driver_sql(question).scalar()
            if isinstance(said, datetime):
                self._session.note_clock(said if said.tzinfo else said.replace(tzinfo=UTC), sent=sent)

    def _bounds(self, opened: DatabaseConnection) -> Sequence[str]:
        """The statements that limit the seconds of every other one; a limit of the driver is set here."""
        dialect = dialect_of(self._engine)
        connection = self._session.connection
        statement, lock = connection.number("statement_seconds", 60), connection.number("lock_seconds", 5)
        if dialect.attribute:
            setattr(opened.connection.dbapi_connection, dialect.attribute, max(1, int(statement * dialect.unit)))
        bounds = {
            "statement_ms": max(1, int(statement * 1000)),
            "statement_s": max(1, int(statement)),
            "lock_ms": max(1, int(lock * 1000)),
            "lock_s": max(1, int(lock)),
        }
        return [text.format_map(bounds) for text in dialect.start]

    def _as_ours(self, error: DBAPIError, *, is_write: bool) -> ConcordError:
        name, dialect = self._session.connection.name, self._engine.dialect.name
        return as_ours(error, dialect=dialect, name=name, is_write=is_write)


def _write(
    connection: DatabaseConnection, statement: UpdateBase, back: "Select[Any]", judge: "Judge[Result]"
) -> Result:
    with _transaction(connection):
        count = int(connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount)
        return judge(count, _rows(connection, back) if count else [])


def _rows(connection: DatabaseConnection, statement: "Select[Any]") -> list[Row]:
    """The rows of a query, with bit fields as numbers."""
    result = connection.execute(statement)
    code = dialect_of(connection.engine).bits
    bits = [column[0] for column in result.cursor.description or () if code is not None and column[1] == code]
    rows: list[Row] = [dict(row) for row in result.mappings()]
    if not bits:
        return rows
    return [{**row, **{name: _as_number(row[name]) for name in bits}} for row in rows]


def _as_number(value: object) -> object:
    return int.from_bytes(value, "big") if isinstance(value, bytes) else value


@contextmanager
def _transaction(connection: DatabaseConnection) -> Iterator[None]:
    """A transaction on a connection that otherwise commits each statement by itself."""
    connection.rollback()  # of nothing: it ends what SQLAlchemy counts as a transaction
    connection.execution_options(isolation_level=connection.default_isolation_level)
    try:
        with connection.begin():
            yield
    finally:
        if not connection.invalidated:
            connection.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def open_link(session: Session) -> Iterator[Link]:
    """A link that is closed at the end of the block."""
    link = Link(session)
    try:
        yield link
    finally:
        link.close()
