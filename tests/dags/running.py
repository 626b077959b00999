"""A running Airflow with the vendors that it reads, and the command line of an operator beside it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from concord.errors import NetworkError
from concord.installed import PRODUCT
from concord.local.airflow import Airflow
from concord.local.airflow_api import AirflowApi
from concord.local.airflow_records import DagRun
from concord.local.installation import Installation
from concord.registry import pool_slots
from concord.store.engine import Database
from sandbox.launch import Server
from sandbox.staged_system import StagedSystem


@dataclass(frozen=True, slots=True)
class Running:
    """One installation that runs; `settings` are variables of its Dags and of the command line."""

    installation: Installation
    airflow: Airflow
    api: AirflowApi
    warehouse: Database
    settings: Mapping[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command as an operator does in a terminal that may be closed."""
        address = {
            "CONCORD_WAREHOUSE_URL": self.warehouse.url,
            "CONCORD_AIRFLOW_URL": self.api.url,
            "CONCORD_AIRFLOW_PASSWORD": self.airflow.password,
            **self.settings,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "concord.cli", *arguments],
            env={**os.environ, **address},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        started = self.start(*arguments)
        out, err = started.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, started.returncode, out, err)

    def finish(self, dag_id: str, run_id: str) -> DagRun:
        """Wait until a run has ended."""
        wait_until(lambda: self.api.run(dag_id, run_id).is_finished)
        return self.api.run(dag_id, run_id)

    def states(self, run: DagRun) -> dict[str, list[str | None]]:
        """The states of a run's task instances by task."""
        found: dict[str, list[str | None]] = {}
        for task in self.api.task_instances(run.dag_id, run.run_id):
            found.setdefault(task.task_id, []).append(task.state)
        return found

    def failures(self, run: DagRun) -> list[str]:
        """What the failed task instances of a run wrote last."""
        folder = self.installation.home / "airflow" / "logs" / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"
        failed = {
            task.task_id for task in self.api.task_instances(run.dag_id, run.run_id) if task.state == "failed"
        }
        logs = [log for task_id in sorted(failed) for log in sorted(folder.glob(f"task_id={task_id}/**/*.log"))]
        return [f"{log.relative_to(folder)}: {'; '.join(log.read_text().splitlines()[-8:])}" for log in logs]


def start_night(api: AirflowApi, dag_id: str) -> str:
    """A run in the place of last night's, so that the schedule adds none of its own."""
    night = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    run_id = api.trigger(dag_id, logical_date=night, interval=(night, night + timedelta(days=1)))
    api.set_paused(dag_id, is_paused=False)
    return run_id


def wait_until(is_true: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait until something holds; an Airflow that is too busy to answer is asked again."""
    deadline = time.monotonic() + seconds
    while not _holds(is_true):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.3)


def _holds(is_true: Callable[[], bool]) -> bool:
    try:
        return is_true()
    except NetworkError:
        return False


@contextmanager
def run_airflow(
    home: Path,
    *,
    vendors: Mapping[str, Server],
    dags: int,
    prepare: Callable[[Database], object],
    settings: Mapping[str, str],
) -> Iterator[Running]:
    """An Airflow of its own that reads these vendors; all its Dags are paused."""
    staged = [StagedSystem(name=name, folder=item.data_dir, port=item.port) for name, item in vendors.items()]
    with Installation(home, is_bound=True) as installation:
        installation.start_postgres()
        warehouse = Database(installation.postgres.url())
        prepare(warehouse)
        airflow = installation.prepare_airflow(
            dags=PRODUCT / "dags",
            plugins=PRODUCT / "plugins",
            connections={f"{item.name}_default": item.connection() for item in staged},
            extra=settings,
        )
        airflow.start()
        airflow.wait_healthy()
        with AirflowApi(airflow.url, user="admin", password=airflow.password) as api:
            for name, slots in pool_slots().items():
                api.set_pool(name, slots)
            wait_until(lambda: len(api.dag_ids()) == dags)
            yield Running(installation, airflow, api, warehouse, settings)
