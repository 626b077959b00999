"""The rate limit of a system, kept in PostgreSQL, so that all workers share it."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
from psycopg import sql

from concord.contract import RateLimit, System
from concord.store.engine import LOADER, Connection, Database, as_ours, without_values

# A wait is bounded, in case the server's clock was set back: by half a minute, or by the calls of so many others.
_LONGEST_SLEEP = 30.0
_MOST_WAITING = 100


class SharedRateLimit:
    """Makes calls wait as long as the rate limit of their system demands; safe to use from several threads.

    It has a connection of its own, opened at the first call and again after it broke. `sleep` takes seconds.
    """

    def __init__(self, database: Database, system: System, sleep: Callable[[float], None] = time.sleep) -> None:
        self._database, self._name, self._sleep = database, system.name, sleep
        self._limit: RateLimit = system.rate_limit
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def wait_for_rate_limit(self) -> float:
        """Wait until a call may be made; returns the seconds waited.

        They are at most 30, or as many as the calls of a hundred others take. Raises the error of a warehouse that
        cannot be reached.
        """
        longest = max(_LONGEST_SLEEP, _MOST_WAITING / self._limit.per_second)
        seconds = min(self._reserve_call(), longest)
        if seconds > 0:
            self._sleep(seconds)
        return seconds

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _reserve_call(self) -> float:
        """The seconds until the next call may be made; a connection that broke is opened once more."""
        with self._lock:
            try:
                return self._try_to_reserve()
            except psycopg.OperationalError:
                self._connection = None
            try:
                return self._try_to_reserve()
            except psycopg.Error as error:
                raise as_ours(error) from without_values(error)

    def _try_to_reserve(self) -> float:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        spacing = timedelta(seconds=1 / self._limit.per_second)
        row = self._connection.execute(
            "select ops.reserve_call(%s, %s, %s)", (self._name, spacing, self._limit.burst)
        ).fetchone()
        return float(str(row[0])) if row else 0.0

    def _connect(self) -> Connection:
        connection = psycopg.connect(
            self._database.url, autocommit=True, connect_timeout=10, options="-c timezone=UTC"
        )
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(LOADER)))
        return connection
