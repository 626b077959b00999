"""What differs from one database to the next: how a statement is bounded, and which package speaks to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import URL, Engine, NullPool, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from concord.errors import ConfigurationError
from concord.settings import Connection

CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Manner:
    """How one kind of database is told to be brief.

    `start` are the first statements of every connection, `arguments` what its driver is opened with. Where the
    server has no word for it, `attribute` is the driver's own bound on a statement, in `unit`s of a second.
    """

    start: tuple[str, ...] = ()
    arguments: Mapping[str, object] | None = None
    attribute: str = ""
    unit: int = 1


MANNERS: Mapping[str, Manner] = {
    "postgresql": Manner(
        ("set statement_timeout = {statement_ms}", "set lock_timeout = {lock_ms}"),
        {"connect_timeout": CONNECT_SECONDS, "application_name": "concord"},
    ),
    "mysql": Manner(
        ("set session max_execution_time = {statement_ms}", "set session innodb_lock_wait_timeout = {lock_s}"),
        {"connect_timeout": CONNECT_SECONDS},
    ),
    "mariadb": Manner(
        ("set session max_statement_time = {statement_s}", "set session innodb_lock_wait_timeout = {lock_s}"),
        {"connect_timeout": CONNECT_SECONDS},
    ),
    "mssql": Manner(("set lock_timeout {lock_ms}", "set deadlock_priority low"), None, "timeout"),
    "oracle": Manner(attribute="call_timeout", unit=1000),
    "ibm_db_sa": Manner(("set current lock timeout {lock_s}",)),
    "db2": Manner(("set current lock timeout {lock_s}",)),
    "sqlite": Manner(("pragma busy_timeout = {lock_ms}",)),
}
# Packages that carry another name than their module, or that bring the whole dialect.
PACKAGES = {"MySQLdb": "mysqlclient", "db2": "ibm_db_sa", "ibm_db_sa": "ibm_db_sa", "sybase": "sqlalchemy-sybase"}


def address_of(connection: Connection) -> URL:
    """The address with the connection's login in it."""
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
    """Connections that commit every statement by itself and keep none for later."""
    url = address_of(connection)
    manner = MANNERS.get(url.get_backend_name(), Manner())
    try:
        return create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args=dict(manner.arguments or {}),
        )
    except NoSuchModuleError as error:
        raise _missing(connection, url.get_backend_name()) from error
    except ModuleNotFoundError as error:
        raise _missing(connection, error.name or url.get_driver_name()) from error


def manner_of(engine: Engine) -> Manner:
    """How the database behind an engine is told to be brief; one that has connected knows a MariaDB."""
    is_mariadb = getattr(engine.dialect, "is_mariadb", False)
    return MANNERS.get("mariadb" if is_mariadb else engine.dialect.name, Manner())


def _missing(connection: Connection, module: str) -> ConfigurationError:
    package = PACKAGES.get(module, module)
    return ConfigurationError(
        f'Connection "{connection.name}" needs a driver that is not installed; '
        f"add the package {package} to Concord's environment (pip install {package}).",
        connection=connection.name,
        package=package,
    )
