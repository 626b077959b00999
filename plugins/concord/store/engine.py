"""The way into PostgreSQL: transactions in a named role, and psycopg's errors turned into Concord's."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, LiteralString

import psycopg
from psycopg import errors as pg
from psycopg import sql
from psycopg.rows import dict_row

from concord.errors import BatchError, ConcordError, ConfigurationError, NetworkError, ServerError
from concord.installed import COMMAND

Connection = psycopg.Connection[tuple[object, ...]]
Query = LiteralString | sql.Composed
Values = Mapping[str, object] | Sequence[object]
Row = dict[str, Any]

NO_SPACE = "No space left on device"  # as PostgreSQL quotes the operating system
DISK_FULL = "PostgreSQL has no disk space left; free some, then run the task again."

LOADER = "concord_loader"
TRANSFORMER = "concord_transformer"
PLANNER = "concord_planner"
READER = "concord_reader"


@dataclass(frozen=True, slots=True)
class Database:
    """The address of a warehouse; every block of `transaction` is one connection and one transaction."""

    url: str = field(repr=False)

    @contextmanager
    def transaction(self, role: str | None = None) -> Iterator[Connection]:
        """Commit at the end of the block, roll back when it raises.

        A commit that the server turned into a rollback raises `BatchError`.
        """
        try:
            opened = psycopg.connect(self.url, connect_timeout=10, options="-c timezone=UTC")
            # Closed apart, because a commit that fails leaves the connection's own block without closing it.
            with closing(opened), opened as connection:
                if role is not None:
                    connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
                yield connection
                _refuse_silent_rollback(connection)
        except psycopg.Error as error:
            raise as_ours(error) from without_values(error)

    def url_for(self, role: str) -> str:
        """The address for a library that opens its own connection, which then acts in that role."""
        joint = "&" if "?" in self.url else "?"
        return f"{self.url}{joint}options=-c%20role%3D{role}%20-c%20timezone%3DUTC"


def fetch_rows(connection: Connection, query: Query, values: Values = ()) -> list[Row]:
    """All rows of a query as dictionaries by column, in the order of the query."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def fetch_value(connection: Connection, query: Query, values: Values = ()) -> Any:  # whatever the column holds
    """The first column of the first row, None when there is no row."""
    row = connection.execute(query, values).fetchone()
    return None if row is None else row[0]


def fetch_texts(connection: Connection, query: Query, values: Values = ()) -> list[str]:
    """The first column of every row as text, in the order of the query."""
    return [str(row[0]) for row in connection.execute(query, values)]


def lock_name(connection: Connection, name: str) -> None:
    """Hold the advisory lock of that name until the transaction ends; waits while another one holds it."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))


def _refuse_silent_rollback(connection: Connection) -> None:
    if connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
        raise BatchError("A statement of this transaction failed, so nothing of it was kept; run it again.")


_BY_KIND: tuple[tuple[tuple[type[psycopg.Error], ...], type[ConcordError], str], ...] = (
    (
        (pg.InvalidPassword, pg.InvalidAuthorizationSpecification),
        ConfigurationError,
        "PostgreSQL refused the login; correct the user and password in CONCORD_WAREHOUSE_URL.",
    ),
    (
        (pg.InvalidCatalogName,),
        ConfigurationError,
        f"The database in CONCORD_WAREHOUSE_URL does not exist; create it, then run {COMMAND} migrate.",
    ),
    (
        (pg.UndefinedTable, pg.InvalidSchemaName, pg.UndefinedFunction),
        ConfigurationError,
        f"The warehouse lacks something ({{why}}); run {COMMAND} migrate, or the night's earlier steps first.",
    ),
    (
        (pg.InsufficientPrivilege,),
        ConfigurationError,
        "The warehouse login may not do this ({why}); make it a member of the concord roles.",
    ),
    (
        (pg.DiskFull,),
        ServerError,
        DISK_FULL,
    ),
    (
        (pg.SerializationFailure, pg.DeadlockDetected, pg.LockNotAvailable, pg.QueryCanceled),
        ServerError,
        "PostgreSQL gave way to another run ({why}); run it again.",
    ),
    (
        (pg.CheckViolation,),
        BatchError,
        "The counts do not add up ({why}); nothing was kept.",
    ),
)


# The value that PostgreSQL quotes when it cannot take it: in English, else in any language by the kind of error.
_QUOTED_VALUE = re.compile(
    r"(invalid input (?:syntax|value)[^\"\n]*|out of range: |malformed \w+ literal: |invalid value |time zone "
    r'|\bvalue )"(?:.*"|.*$)',
    re.DOTALL,
)
_ANY_QUOTED = re.compile(r"[\"»„«'].*[\"«“»']", re.DOTALL)
_QUOTES_ROWS = ("DETAIL:", "CONTEXT:", "LINE ", "[SQL:", "[parameters:")  # how lines begin that quote rows
_WRONG_VALUE = "22"  # the class of SQLSTATE whose messages quote a value

# What psycopg says when the server crashed; the reason is in the server's own log.
_BROKE_OFF = (
    "server closed the connection unexpectedly",
    "terminating connection because of crash",
    "in recovery mode",
)


def as_ours(error: psycopg.Error) -> ConcordError:
    """The error of ours that tells the caller of a failed statement or connection what to do."""
    for foreign, ours, sentence in _BY_KIND:
        if isinstance(error, foreign):
            return ours(sentence.format(why=_first_line(error)))
    if isinstance(error, psycopg.OperationalError) and _is_about_connection(error):
        return _connection_error(error)
    return BatchError(f"PostgreSQL refused a statement: {_first_line(error)}. Nothing was kept.")


def _is_about_connection(error: psycopg.OperationalError) -> bool:
    """Whether the server was not reached, stops or lacks room; psycopg gives limits of values the same class."""
    return (error.sqlstate or "08")[:2] in ("08", "28", "3D", "53", "57", "58")


def _connection_error(error: psycopg.Error) -> ConcordError:
    text = str(error)
    if "password authentication failed" in text or "no password supplied" in text:
        return ConfigurationError(
            "PostgreSQL refused the login; correct the user and password in CONCORD_WAREHOUSE_URL."
        )
    if "does not exist" in text:
        return ConfigurationError(
            f"PostgreSQL does not know this database or user ({_first_line(error)}); check CONCORD_WAREHOUSE_URL."
        )
    if NO_SPACE in text:
        return ServerError(DISK_FULL)
    if any(sign in text for sign in _BROKE_OFF):
        return NetworkError(
            f"PostgreSQL broke off ({_first_line(error)}), as it does when the disk of its pg_wal is full; see "
            "its log, mend that, start it again if it stopped, then run the task again."
        )
    return NetworkError(
        f"PostgreSQL cannot be reached ({_first_line(error)}); see that it runs, that its disk has space, "
        "and that CONCORD_WAREHOUSE_URL names it."
    )


def without_values(error: psycopg.Error) -> psycopg.Error:
    """The same kind of error without what PostgreSQL quotes of the rows, to stand in a log as the cause."""
    return type(error)(_first_line(error))


def hide_values(sentence: str) -> str:
    """PostgreSQL's sentence without the value that it refuses; names of tables and columns stay."""
    return _QUOTED_VALUE.sub(r"\1…", sentence)


def hide_rows(message: str) -> str:
    """A message with PostgreSQL's words on one line, without the rows that it quotes and the values it refuses.

    What follows the first line that quotes rows is left out, since a value may have lines of its own.
    """
    lines = hide_values(message).splitlines()
    kept = takewhile(lambda line: not line.strip().startswith(_QUOTES_ROWS), lines)
    return " ".join(" ".join(kept).split())


def _first_line(error: psycopg.Error) -> str:
    said = error.diag.message_primary or (str(error).splitlines() or ["no reason given"])[0]
    hidden = _ANY_QUOTED.sub("…", said) if (error.sqlstate or "").startswith(_WRONG_VALUE) else hide_values(said)
    return hidden[:200]
