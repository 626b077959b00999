"""What every test may ask for: a PostgreSQL of its own, fresh databases in it, a clean environment."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import psycopg
import pytest
from psycopg import sql
from xdist.scheduler import LoadScopeScheduling

from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.store.engine import Database
from concord.store.migrate import migrate

TOGETHER = {"tests/systems/": 2, "tests/flow/": 1}  # what shares servers or a first night, in so many parts
# What takes longest begins first, so that both workers end at about the same time.
LONGEST = (
    *TOGETHER,
    *(f"tests/dags/test_{name}" for name in ("backfilling", "in_airflows_pages", "running", "canary")),
)
LONG = ("tests/dbt/", "tests/local/", "tests/real/", "tests/adding/", "tests/store/")
TEMPLATE = "concord"
MEMORY, ROOM = Path("/dev/shm"), 6 * 2**30
IN_USE = "salesforce,shopify,tryton"
os.environ["CONCORD_SYSTEMS"] = IN_USE  # for what is read while tests are collected
PRIVATE = ("CONCORD_", "AIRFLOW", "DBT_", "PG", "GX_")
FOR_BENCHES = "CONCORD_BENCH_"  # what the bench of a real server needs to know


class ByServers(LoadScopeScheduling):
    """Tests that share a server run in one worker: those of a folder in TOGETHER, and of each other file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        number = crc32(file.encode())
        parts = TOGETHER.items()
        return next((f"{folder} {number % count}" for folder, count in parts if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByServers:
    config.option.loadscopereorder = False
    return ByServers(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the shuffled order, but for the files that take long."""
    order = (*LONGEST, *LONG, "")
    items.sort(key=lambda item: next(place for place, start in enumerate(order) if item.nodeid.startswith(start)))


def unseen_variables(environment: Mapping[str, str]) -> list[str]:
    """The names of the variables that no test sees."""
    return sorted(name for name in environment if name.startswith(PRIVATE) and not name.startswith(FOR_BENCHES))


def pytest_report_header() -> str:
    """Say which variables of whoever runs the tests are not seen by them."""
    names = [name for name in unseen_variables(os.environ) if name != "CONCORD_SYSTEMS"]
    told = f"not seen by tests: {', '.join(names)} (name what a bench needs {FOR_BENCHES}...)"
    return told if names else ""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it, but for those that are meant for benches."""
    for name in unseen_variables(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONCORD_SYSTEMS", IN_USE)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


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
def open_folder() -> Iterator[Path]:
    """A folder outside pytest's own, which each run of pytest closes to the account a database server runs as.

    It lies in memory where there is room, since making a database is mostly making files.
    """
    with tempfile.TemporaryDirectory(prefix="concord-tests-", dir=MEMORY if has_room(MEMORY) else None) as folder:
        yield Path(folder) / "home"


def has_room(folder: Path) -> bool:
    """Whether the servers of a whole run fit in there."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM


@contextmanager
def copy_of(postgres: Postgres, template: str) -> Iterator[str]:
    """A database made as a copy, and dropped at the end of the block."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        copy = sql.SQL("create database {} template {} strategy file_copy")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield postgres.url(name)
    finally:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
