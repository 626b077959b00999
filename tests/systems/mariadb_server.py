"""A real MariaDB of our own on a free port of the loopback; installed where that is allowed."""

import getpass
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

from sandbox.ports import choose_port
from sandbox.vendors.legacy_sql.database import CONNECTIONS, TABLES
from sandbox.world import World
from tests.systems.packages import find_or_install

GUEST, PASSWORD, DATABASE = "guest", "let me in", "oldshop"
SCHEMA = Path(__file__).parents[2] / "sandbox" / "vendors" / "legacy_sql" / "schema.sql"
RETRY_LIMITS = 60.0


@dataclass(frozen=True)
class MariaDb:
    """A running server with the old shop's tables in it."""

    port: int

    def ask(self, query: str, *values: object) -> Any:
        """What its owner is told; the first row, if there is one."""
        with self.owner() as connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchone()

    @contextmanager
    def owner(self) -> Iterator[Any]:
        """A connection of the owner, whose open transaction goes with it."""
        connection = pymysql.connect(host="127.0.0.1", port=self.port, user="root", database=DATABASE)
        try:
            yield connection
            connection.commit()
        finally:
            connection.close()


@contextmanager
def mariadb_server(folder: Path, world: World) -> Iterator[MariaDb]:
    """Start one and fill it; its guest has two connections. `NoServerError` where there is none."""
    server, install = find_or_install("mariadb-server", "mariadbd", "mariadb-install-db")
    data, port = folder / "data", choose_port()
    folder.mkdir(parents=True)
    common = ["--no-defaults", f"--datadir={data}", f"--user={getpass.getuser()}"]
    prepare = [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(prepare, check=True, capture_output=True, timeout=RETRY_LIMITS)
    places = ["--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder / 'socket'}"]
    quick = ["--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve", f"--pid-file={folder / 'pid'}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([server, *common, *places, *quick], stdout=log, stderr=log)
    try:
        _wait(port, process, folder / "log")
        _fill(port, world)
        yield MariaDb(port)
    finally:
        process.terminate()
        process.wait(RETRY_LIMITS)


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + RETRY_LIMITS
    while True:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user="root").close()
        except pymysql.err.OperationalError:
            assert process.poll() is None, log.read_text()[-500:]
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def _fill(port: int, world: World) -> None:
    connection = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"create database {DATABASE} character set utf8mb4")
        cursor.execute(f"use {DATABASE}")
        # A TIMESTAMP of MariaDB is kept in UTC and moves by itself; local time is a DATETIME there.
        schema = SCHEMA.read_text(encoding="utf-8").replace(" timestamp(6)", " datetime(6)")
        for statement in filter(str.strip, schema.split(";")):
            cursor.execute(statement)
        for resource, table in TABLES.items():
            rows = list(world.records("legacy_sql", resource))
            places = ", ".join(["%s"] * len(rows[0]))
            insert = f"insert into {table} ({', '.join(rows[0])}) values ({places})"
            cursor.executemany(insert, [list(row.values()) for row in rows])
        limit = f"identified by '{PASSWORD}' with max_user_connections {CONNECTIONS}"
        cursor.execute(f"create user {GUEST} {limit}")
        cursor.execute(f"grant select, insert, update on {DATABASE}.* to {GUEST}")
