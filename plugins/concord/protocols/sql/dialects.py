"""What differs from one database to the next: limits of time, strictness, character set, and the driver."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import psycopg.abc
import psycopg.adapt
from sqlalchemy import URL, Engine, NullPool, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from concord.errors import ConfigurationError
from concord.settings import Connection

CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of database is told how long a statement may take, and to refuse what it cannot keep whole.

    `start` are the first statements of every connection, `arguments` those of its driver, and `charset` is what
    the drivers in `CHARSET_DRIVERS` are told beside them. `bits` is the driver's code of a type whose bytes are a
    number. Where the server has no statement for the limit, `attribute` of the driver's connection is set, which
    counts `unit` to the second. `clock` asks the server for its time in UTC; it is empty where that is ours.
    """

    start: tuple[str, ...] = ()
    arguments: Mapping[str, object] | None = None
    charset: str = ""
    bits: int | None = None
    attribute: str = ""
    unit: int = 1
    clock: str = ""


# A server without strict mode cuts a text that is too long and turns a letter that it lacks into a question mark.
STRICT = "set session sql_mode = concat(@@session.sql_mode, ',STRICT_ALL_TABLES')"
DB2_CLOCK = "select current timestamp - current timezone from sysibm.sysdummy1"
CHARSET_DRIVERS = {"pymysql", "mysqldb", "mysqlconnector"}
RULES: Mapping[str, Dialect] = {
    "postgresql": Dialect(
        ("set statement_timeout = {statement_ms}", "set lock_timeout = {lock_ms}"),
        {"connect_timeout": CONNECT_SECONDS, "application_name": "concord", "client_encoding": "utf8"},
        clock="select clock_timestamp()",
    ),
    "mysql": Dialect(
        (
            "set session max_execution_time = {statement_ms}",
            "set session innodb_lock_wait_timeout = {lock_s}",
            STRICT,
        ),
        {"connect_timeout": CONNECT_SECONDS},
        "utf8mb4",
        bits=16,
        clock="select utc_timestamp(6)",
    ),
    "mariadb": Dialect(
        (
            "set session max_statement_time = {statement_s}",
            "set session innodb_lock_wait_timeout = {lock_s}",
            STRICT,
        ),
        {"connect_timeout": CONNECT_SECONDS},
        "utf8mb4",
        bits=16,
        clock="select utc_timestamp(6)",
    ),
    "mssql": Dialect(
        ("set lock_timeout {lock_ms}", "set deadlock_priority low", "set ansi_warnings on"),
        attribute="timeout",
        clock="select sysutcdatetime()",
    ),
    "oracle": Dialect(
        attribute="call_timeout",
        unit=1000,
        clock="select cast(sys_extract_utc(systimestamp) as timestamp) from dual",
    ),
    "ibm_db_sa": Dialect(("set current lock timeout {lock_s}",), clock=DB2_CLOCK),
    "db2": Dialect(("set current lock timeout {lock_s}",), clock=DB2_CLOCK),
    "sqlite": Dialect(("pragma busy_timeout = {lock_ms}",)),
}
# Packages that carry another name than their module, or that bring the whole dialect.
PACKAGES = {"MySQLdb": "mysqlclient", "db2": "ibm_db_sa", "ibm_db_sa": "ibm_db_sa", "sybase": "sqlalchemy-sybase"}


def address_of(connection: Connection) -> URL:
    """The address with the login of the connection; a `ConfigurationError` where the host is no such address."""
    try:
        url = make_url(connection.url)
    except ArgumentError as error:
        raise ConfigurationError(
            f'The host of connection "{connection.name}" is no address of a database; write it as '
            "postgresql://host:5432/database, mysql+pymysql://… or mssql+pyodbc://….",
            connection=connection.name,
        ) from error
    if connection.login:
        url = url.set(username=connection.login, password=connection.password)
    return url


def new_engine(connection: Connection) -> Engine:
    """An engine whose connections commit every statement by itself and are not kept for later."""
    url = address_of(connection)
    dialect = RULES.get(url.get_backend_name(), Dialect())
    arguments = dict(dialect.arguments or {})
    try:
        if dialect.charset and url.get_driver_name() in CHARSET_DRIVERS:
            arguments["charset"] = dialect.charset
        return create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args=arguments,
        )
    except NoSuchModuleError as error:
        raise _missing(connection, url.get_backend_name()) from error
    except ModuleNotFoundError as error:
        raise _missing(connection, error.name or url.get_driver_name()) from error


def dialect_of(engine: Engine) -> Dialect:
    """The dialect of an engine; only one that has connected knows whether its database is a MariaDB."""
    is_mariadb = getattr(engine.dialect, "is_mariadb", False)
    return RULES.get("mariadb" if is_mariadb else engine.dialect.name, Dialect())


def accept_any_bytes(connection: Any) -> None:
    """Make a driver's connection give a byte that is no UTF-8 as half of a letter, where it can; see PEP 383."""
    if isinstance(connection, sqlite3.Connection):
        connection.text_factory = _as_text
    elif isinstance(connection, psycopg.Connection):
        connection.execute("set client_encoding = 'SQL_ASCII'")
        for name in ("text", "varchar", "bpchar"):
            connection.adapters.register_loader(name, _AnyText)


def _as_text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


class _AnyText(psycopg.adapt.Loader):
    """Text of a database that does not know in which character set it is."""

    def load(self, data: psycopg.abc.Buffer) -> str:
        """The text, with halves of letters for what is no UTF-8."""
        return _as_text(bytes(data))


def _missing(connection: Connection, module: str) -> ConfigurationError:
    package = PACKAGES.get(module, module)
    return ConfigurationError(
        f'Connection "{connection.name}" needs a driver that is not installed; '
        f"add the package {package} to Concord's environment (pip install {package}).",
        connection=connection.name,
        package=package,
    )
