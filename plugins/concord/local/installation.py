"""One installation on this machine: starting it, what of it runs, its addresses, and stopping it.

`<home>/run.json` (readable by its owner alone) says what was started and where; the records of the processes
say whether it still runs. A lock prevents two launchers from starting the same installation at once.
"""

import fcntl
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from concord.errors import ConcordError, ConfigurationError
from concord.installed import COMMAND
from concord.local import postgres
from concord.local.airflow import ADMIN, Airflow, AirflowSettings
from concord.local.files import NO_SPACE, full_disk, is_full, read_json, write_private
from concord.local.postgres import Postgres
from concord.local.processes import Processes
from concord.settings import DEMO

STATE_FILE = "run.json"
LOCK_FILE = "run.lock"


class State(StrEnum):
    """Whether an installation runs; BROKEN means that a part of it has ended."""

    STOPPED = "stopped"
    RUNNING = "running"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """An installation as it is now: running and missing processes; `facts` has its addresses and passwords."""

    state: State
    running: tuple[str, ...]
    missing: tuple[str, ...]
    facts: Mapping[str, Any] = field(repr=False)


class Installation:
    """A context in which an installation is started.

    A bound installation stops at the end of the context; another one runs until `stop`, unless the context ends
    with an error. Entering raises ConfigurationError when the installation runs already.
    """

    def __init__(self, home: Path, *, is_bound: bool) -> None:
        self.home = home
        self.is_bound = is_bound
        self.processes = Processes(home, is_bound=is_bound)
        self.postgres = Postgres(home, self.processes)
        self._facts: dict[str, Any] = {}
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self._take_lock()
        try:
            refuse_running(self.home)
        except ConfigurationError:
            self._release()
            raise
        end_on_signals()
        self.announce(started_at=datetime.now(UTC).isoformat(), starter=os.getpid(), is_bound=self.is_bound)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        full = self._find_full_disk(error)
        if self.is_bound or error is not None:
            stop_all(self.processes)
            (self.home / STATE_FILE).unlink(missing_ok=True)
        self._release()
        if full is not None:
            raise full from error

    def _find_full_disk(self, error: BaseException | None) -> ConfigurationError | None:
        """The error for a full disk when that caused `error`, else None; only PostgreSQL's log may show it."""
        if not isinstance(error, ConcordError | OSError | sqlite3.Error):
            return None
        words = self.processes.last_words(postgres.NAME)
        if NO_SPACE in words:
            return full_disk(self.home, words)
        is_foreign = not isinstance(error, ConcordError)
        return full_disk(self.home, str(error)) if is_foreign and is_full(self.home, str(error)) else None

    def announce(self, **facts: object) -> None:
        """Add facts to the state file, such as the address of a server."""
        self._facts.update(facts)
        self._facts["processes"] = self.processes.running()
        write_private(self.home / STATE_FILE, json.dumps(self._facts, indent=2) + "\n")

    def start_postgres(self, port: int | None = None) -> Postgres:
        """Start the embedded server, and add the warehouse's address to the facts."""
        self.postgres.start(port)
        self.announce(warehouse_url=self.postgres.url())
        return self.postgres

    def prepare_airflow(
        self,
        *,
        dags: Path,
        plugins: Path | None,
        connections: Mapping[str, str],
        extra: Mapping[str, str],
        port: int | None = None,
    ) -> Airflow:
        """Choose Airflow's port and create its tables; the caller starts it with `start` and `wait_healthy`."""
        settings = AirflowSettings(
            home=self.home,
            database_url=self.postgres.url("airflow"),
            dags=dags,
            plugins=plugins,
            connections=connections,
            extra={"CONCORD_HOME": str(self.home), "CONCORD_WAREHOUSE_URL": self.postgres.url(), **extra},
        )
        airflow = Airflow(settings, self.processes)
        airflow.choose_port(port)
        airflow.migrate()
        self.announce(airflow_url=airflow.url, airflow_user=ADMIN, airflow_password=airflow.password)
        return airflow

    def _release(self) -> None:
        self.processes.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.home / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigurationError(
                f"Cannot write to {self.home} ({error.strerror}); "
                "free some space, mend its permissions, or set CONCORD_HOME to another folder.",
                folder=str(self.home),
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            starter = read_json(self.home / STATE_FILE).get("starter", "unknown")
            raise ConfigurationError(
                f"Concord is already started from {self.home} by process {starter}; "
                "end that one first, or set CONCORD_HOME to another folder.",
                pid=starter,
            ) from error


def read_status(home: Path) -> Status:
    """The state of the installation in this folder."""
    facts = read_json(home / STATE_FILE)
    running = find_processes(home).running()
    missing = tuple(name for name in facts.get("processes", []) if name not in running)
    state = State.STOPPED if not running else State.BROKEN if missing else State.RUNNING
    return Status(state=state, running=tuple(running), missing=missing, facts=facts if running else {})


def stop(home: Path) -> tuple[str, ...]:
    """Stop all processes, the database last; returns the names of those that were stopped."""
    stopped = stop_all(find_processes(home))
    (home / STATE_FILE).unlink(missing_ok=True)
    return stopped


def stop_all(processes: Processes) -> tuple[str, ...]:
    """Stop all processes at once, then the database, which they write to; returns the names of all."""
    running = processes.running()
    processes.stop(*(name for name in running if name != postgres.NAME))
    processes.stop(postgres.NAME)
    return tuple(running)


def find_processes(home: Path) -> Processes:
    """The processes of an installation that another process may have started."""
    return Processes(home, is_bound=False)


def refuse_running(home: Path) -> None:
    """Raise ConfigurationError when an installation runs; delete the state file of one that has ended."""
    status = read_status(home)
    if status.state is State.STOPPED:
        (home / STATE_FILE).unlink(missing_ok=True)
        return
    started = f"since {status.facts['started_at'][:16]} UTC" if "started_at" in status.facts else "already"
    how = "Ctrl-C in its terminal" if home.name == DEMO else f"{COMMAND} down"
    parts = "" if status.state is State.RUNNING else f" without {', '.join(status.missing)}"
    raise ConfigurationError(
        f"Concord runs {started}{parts} ({status.facts.get('airflow_url', home)}); use it, or stop it with {how}.",
        running=status.running,
    )


def end_on_signals() -> None:
    """Turn SIGTERM and SIGHUP into an orderly exit, so that contexts are left and child processes stopped."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, leave)
