"""How much faster Celery workers read together: the wall time of a backfill with 1, 2, 4 and 8 of them.

    .venv/bin/python -m benchmarks.workers --workers 1 2 4 8

The installation of docker-compose.yaml runs as processes of this machine, with PostgreSQL, Redis and Airflow.
Each worker does one task at a time. The vendor is the sandbox's Shopify, which answers each call after some
seconds. Its declaration allows some calls a second to all workers together; the calls are counted where they
arrive. Each run of the Dag `backfill` reads the same windows of four resources; the first one, which lets the
workers import what tasks need, is not measured. It needs a redis-server, as the tests do.
"""

import argparse
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from concord.dag_ids import BACKFILL
from concord.installed import PRODUCT
from concord.local.airflow_api import AirflowApi
from concord.local.airflow_records import TaskInstance
from concord.local.ports import choose_port
from concord.local.processes import Command
from concord.testing.databases import open_folder
from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.staged_system import format_connection
from sandbox.vendors.registry import find_vendors
from sandbox.world import generate
from tests.local.compose import Stack, draw_secrets, find_program

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
RESOURCES = ["customers", "products", "orders", "fulfillment_orders"]
ENDED = {"success", "failed", "skipped", "upstream_failed"}
SPAN = 10.0
DECLARATION = """
from dataclasses import replace

from concord.contract import RateLimit
from concord.systems.shopify import declaration

LIMIT = RateLimit(per_second={per_second}, burst=1, concurrency={slots})
SYSTEM = replace(declaration.SYSTEM, rate_limit=LIMIT)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One backfill: the seconds from the start of its first window to the end of its last, and its calls.

    `most` is how many calls arrived within the span that has the most.
    """

    workers: int
    windows: int
    calls: int
    seconds: float
    most: int


class ScaledStack(Stack):
    """The services of the Compose file, with as many workers as are wanted in place of one."""

    def __init__(self, home: Path, variables: Mapping[str, str], more: Mapping[str, str]) -> None:
        super().__init__(home, variables)
        for name, each in self.services.items():
            self.services[name] = replace(each, environment={**each.environment, **more})
        self._worker = self.services.pop("worker")

    def keep_workers(self, count: int) -> None:
        """Let that many workers run: start those that are missing, stop those that are too many."""
        running = [name for name in self.processes.running() if name.startswith("worker-")]
        self.processes.stop(*running[count:])
        for number in range(len(running), count):
            self._start_worker(f"worker-{number}")

    def _start_worker(self, name: str) -> None:
        own = {"HOSTNAME": name, "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(choose_port())}
        worker = replace(self._worker, name=name, environment={**self._worker.environment, **own})
        self.services[name] = worker
        arguments = [find_program(worker), *worker.command[1:], "--celery-hostname", f"celery@{name}"]
        self.processes.start(
            Command(name=name, arguments=arguments, environment=worker.environment, folder=PRODUCT)
        )
        assert self.unhealthy(name) == {}


def main() -> None:
    given = read_options()
    with open_folder() as home, run_vendor(home / "vendor", given.delay) as vendor:
        known, secrets = find_vendors()["shopify"], draw_secrets()
        more = {
            "CONCORD_PROJECT": str(write_project(home / "project", given.per_second, max(given.workers))),
            "AIRFLOW_CONN_SHOPIFY_DEFAULT": format_connection(vendor.url, known.client, known.extra),
        }
        with ScaledStack(home / "stack", {**secrets, "CONCORD_WORKER_CONCURRENCY": "1"}, more) as stack:
            stack.up()
            assert stack.unhealthy("api-server", "scheduler", "dag-processor") == {}
            with AirflowApi(stack.url, user="admin", password=secrets["CONCORD_ADMIN_PASSWORD"]) as api:
                rows = sorted(measure_all(stack, api, vendor, given), key=lambda row: row.workers)
                show(rows, given.per_second)


def read_options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    options.add_argument("--delay", type=float, default=5.0, help="seconds until the vendor answers a call")
    options.add_argument("--per-second", type=float, default=0.75, help="calls that all workers together may make")
    options.add_argument("--weeks", type=int, default=5, help="windows of each of the four resources")
    return options.parse_args()


@contextmanager
def run_vendor(folder: Path, delay: float) -> Iterator[Server]:
    load("shopify", folder, generate(7, as_of=AS_OF, customers=200, orders=500).of("shopify"))
    server = start("shopify", folder)
    try:
        server.control("faults", {"fault": {"kind": "delay", "seconds": delay}, "times": None})
        yield server
    finally:
        server.stop()


def write_project(folder: Path, per_second: float, slots: int) -> Path:
    """A business whose shop allows so many calls a second, and has so many slots in its pool."""
    (folder / "systems").mkdir(parents=True)
    (folder / "concord.toml").write_text('[systems.shopify]\nwrite_back = "plan"\n', encoding="utf-8")
    declaration = DECLARATION.format(per_second=per_second, slots=slots)
    (folder / "systems" / "shopify.py").write_text(declaration, encoding="utf-8")
    return folder


def measure_all(
    stack: ScaledStack, api: AirflowApi, vendor: Server, given: argparse.Namespace
) -> Iterator[Measured]:
    """One backfill for each number of workers, the largest first, so that none has to import anything."""
    while BACKFILL not in api.dag_ids():
        time.sleep(0.5)
    api.set_paused(BACKFILL, is_paused=False)
    stack.keep_workers(max(given.workers))
    measure(api, vendor, max(given.workers), given.weeks)
    for workers in sorted(given.workers, reverse=True):
        stack.keep_workers(workers)
        measured = measure(api, vendor, workers, given.weeks)
        print(measured, flush=True)
        yield measured


def measure(api: AirflowApi, vendor: Server, workers: int, weeks: int) -> Measured:
    """A backfill of whole weeks, up to the end of its last window; the reconcile that would follow is left out."""
    before = vendor.control("counts")["calls"]
    form = {
        "from": f"{AS_OF - timedelta(weeks=weeks):%Y-%m-%d}",
        "to": f"{AS_OF - timedelta(days=1):%Y-%m-%d}",
        "resources": RESOURCES,
        "step": "week",
    }
    run_id = api.trigger(BACKFILL, conf=form)
    fills = wait_for_windows(api, run_id)
    api.end_run(BACKFILL, run_id)
    arrived = [float(call["at"]) for call in vendor.control(f"log?after={before}")]
    began = min(fill.started_at for fill in fills if fill.started_at)
    ended = max(fill.ended_at for fill in fills if fill.ended_at)
    return Measured(
        workers=workers,
        windows=len(fills),
        calls=len(arrived),
        seconds=(ended - began).total_seconds(),
        most=max(bisect_left(arrived, at + SPAN) - number for number, at in enumerate(arrived)),
    )


def wait_for_windows(api: AirflowApi, run_id: str) -> list[TaskInstance]:
    """The windows of a run when all of them were read; fails where one was not."""
    while True:
        tasks = [task for task in api.task_instances(BACKFILL, run_id) if task.task_id == "fill_shopify"]
        if all(task.map_index >= 0 and task.state in ENDED for task in tasks):
            assert {task.state for task in tasks} == {"success"}, [api.task_log(task) for task in tasks[:1]]
            return tasks
        time.sleep(1)


def show(rows: Sequence[Measured], per_second: float) -> None:
    columns = ("workers", "windows", "calls", "seconds", "times as fast", "calls/s", f"most in {SPAN:.0f} s")
    table = Table(*columns, f"allowed in {SPAN:.0f} s")
    for row in rows:
        times, rate = rows[0].seconds / row.seconds, row.calls / row.seconds
        counts = (row.workers, row.windows, row.calls, f"{row.seconds:.0f}", f"{times:.2f}", f"{rate:.2f}")
        table.add_row(*map(str, counts), str(row.most), str(int(SPAN * per_second) + 1))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
