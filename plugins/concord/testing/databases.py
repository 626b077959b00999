"""The fixtures of PostgreSQL: one real server for the whole run, and fresh databases in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.store.engine import Database
from concord.store.migrate import migrate

TEMPLATE = "concord"
MEMORY, ROOM = Path("/dev/shm"), 6 * 2**30  # noqa: S108  # a folder in it gets a name that nobody guesses


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One real server for the whole run, which forgets on power loss and is quick for it."""
    with open_folder() as home, Processes(home, is_bound=True) as processes:
        server = Postgres(home, processes, settings=FORGETFUL, databases=[TEMPLATE])
        server.start()
        yield server


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> str:
    """The name of a database with the store's tables and nothing in them."""
    migrate(Database(postgres.url(TEMPLATE)))
    return TEMPLATE


@pytest.fixture
def database(postgres: Postgres, template: str) -> Iterator[str]:
    """The address of a fresh, migrated database for one test."""
    with copy_of(postgres, template) as url:
        yield url


@pytest.fixture(scope="module")
def module_database(postgres: Postgres, template: str) -> Iterator[str]:
    """The address of a fresh, migrated database that the tests of one module share."""
    with copy_of(postgres, template) as url:
        yield url


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[str]:
    """The address of a database with nothing in it."""
    with copy_of(postgres, "template0") as url:
        yield url


@pytest.fixture
def home() -> Iterator[Path]:
    """A state folder for an installation."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def module_home() -> Iterator[Path]:
    """A state folder that the tests of one module share."""
    with open_folder() as folder:
        yield folder


@contextmanager
def open_folder(*, on_disk: bool = False) -> Iterator[Path]:
    """A folder outside pytest's own, which each run of pytest closes to the account a database server runs as.

    It lies in memory where there is room, since making a database is mostly making files, or `on_disk`.
    """
    place = MEMORY if not on_disk and has_room(MEMORY) else None
    with tempfile.TemporaryDirectory(prefix="concord-tests-", dir=place) as folder:
        yield Path(folder) / "home"


def has_room(folder: Path) -> bool:
    """Whether the servers of a whole run fit in there."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM


@contextmanager
def copy_of(postgres: Postgres, template: str) -> Iterator[str]:
    """A database made as a copy, and dropped at the end of the block; the next one may have its name."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        names = {name for (name,) in connection.execute("select datname from pg_database")}
        name = next(name for number in count(1) if (name := f"test_{number}") not in names)
        copy = sql.SQL("create database {} template {} strategy file_copy")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield postgres.url(name)
    finally:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
