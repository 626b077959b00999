"""The turn every call waits for: one budget of calls per second and system, shared by all workers."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
from psycopg import sql

from concord.contract import Pace, System
from concord.store.engine import LOADER, Connection, Database, as_ours

_LONGEST_SLEEP = 30.0


class Budget:
    """Reserves turns in PostgreSQL over a connection of its own; safe to use from several threads."""

    def __init__(self, database: Database, system: System, sleep: Callable[[float], None] = time.sleep) -> None:
        self._database, self._name, self._sleep = database, system.name, sleep
        self._pace: Pace = system.pace
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def wait_turn(self) -> float:
        """Wait until a call may be made; returns the seconds waited."""
        seconds = min(self._reserve(), _LONGEST_SLEEP)
        if seconds > 0:
            self._sleep(seconds)
        return seconds

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _reserve(self) -> float:
        with self._lock:
            try:
                return self._ask()
            except psycopg.OperationalError:
                self._connection = None
            try:
                return self._ask()
            except psycopg.Error as error:
                raise as_ours(error) from error

    def _ask(self) -> float:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        spacing = timedelta(seconds=1 / self._pace.per_second)
        row = self._connection.execute(
            "select ops.reserve_call(%s, %s, %s)", (self._name, spacing, self._pace.burst)
        ).fetchone()
        return float(str(row[0])) if row else 0.0

    def _connect(self) -> Connection:
        connection = psycopg.connect(
            self._database.url, autocommit=True, connect_timeout=10, options="-c timezone=UTC"
        )
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(LOADER)))
        return connection
