"""The way into PostgreSQL: transactions in a named role, and foreign errors turned into ours."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import errors as pg
from psycopg import sql

from concord.errors import BatchError, ConcordError, ConfigurationError, NetworkError, ServerError

Connection = psycopg.Connection[tuple[object, ...]]

NO_SPACE = "No space left on device"
NO_SPACE = "No space left on device"  # as PostgreSQL quotes the system
DISK_FULL = "PostgreSQL has no disk space left; free some, then run the task again."

LOADER = "concord_loader"
TRANSFORMER = "concord_transformer"
PLANNER = "concord_planner"
READER = "concord_reader"


@dataclass(frozen=True, slots=True)
class Database:
    """An address; every block of `transaction` is one connection and one transaction."""

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
            raise as_ours(error) from error

    def url_for(self, role: str) -> str:
        """The same address for a library that connects by itself, acting in that role."""
        joint = "&" if "?" in self.url else "?"
        return f"{self.url}{joint}options=-c%20role%3D{role}%20-c%20timezone%3DUTC"


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
        "The database in CONCORD_WAREHOUSE_URL does not exist; create it, then run ./concord migrate.",
    ),
    (
        (pg.UndefinedTable, pg.InvalidSchemaName, pg.UndefinedFunction),
        ConfigurationError,
        "The warehouse lacks something ({why}); run ./concord migrate, or the night's earlier steps first.",
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
        "The books do not balance: {why}. Nothing was kept.",
    ),
)


# What is left to a client of a server that crashed: its last words go to its own log.
_BROKE_OFF = (
    "server closed the connection unexpectedly",
    "terminating connection because of crash",
    "in recovery mode",
)


def as_ours(error: psycopg.Error) -> ConcordError:
    """Sort a PostgreSQL error by what the caller should do."""
    for foreign, ours, sentence in _BY_KIND:
        if isinstance(error, foreign):
            return ours(sentence.format(why=_first_line(error)))
    if isinstance(error, psycopg.OperationalError):
        return _connection_error(error)
    return BatchError(f"PostgreSQL refused a statement: {_first_line(error)}. Nothing was kept.")


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


def _first_line(error: psycopg.Error) -> str:
    if error.diag.message_primary:
        return error.diag.message_primary
    return (str(error).splitlines() or ["no reason given"])[0][:200]
