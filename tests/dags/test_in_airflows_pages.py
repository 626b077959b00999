"""What people and outages do to a running Airflow, and that the books stay right: the table in docs/runbook.md.

One Airflow for all cases, in this order: its runs of one case are the history of the next. It reads a shop and a
CRM at an hour of New York a few minutes after it was started, while its scheduler is down.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from concord import registry
from concord.cli.installation_start import prepare_warehouse
from concord.contract import Window
from concord.installed import PRODUCT
from concord.local.airflow_records import DagRun
from concord.local.processes import Command
from concord.monitoring.watch import check_writes
from concord.settings import Connection
from concord.stages.extract.read_window import extract_window
from concord.stages.sessions import open_session
from concord.stages.validate.judge import validate_batch
from concord.store.ledger.batches import list_gaps
from sandbox.launch import Server
from sandbox.launch import start as start_vendor
from sandbox.load import load
from sandbox.vendors.registry import find_vendors
from sandbox.world import generate
from tests.dags.running import Running, run_airflow, wait_until

DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")
MARGIN = timedelta(minutes=4)  # for the start of Airflow
SYSTEMS = ("salesforce", "shopify")
TWICE = "select change_id from ops.journal where event = 'sent' group by change_id having count(*) > 1"
OPEN = "select batch_id from ops.batches where state = 'landed'"
UNBALANCED = "select plan_id from ops.plans where state = 'approved'"
pytestmark = pytest.mark.timeout(1500)


@dataclass(frozen=True, slots=True)
class Nights:
    """The installation, its vendors, and the hour of New York at which it reads."""

    running: Running
    vendors: Mapping[str, Server]
    read_at: datetime

    def runs(self, dag_id: str) -> list[DagRun]:
        return self.running.api.runs(dag_id)

    def newest(self, dag_id: str) -> DagRun:
        return self.runs(dag_id)[0]

    def effects(self) -> int:
        return sum(len(vendor.control("effects")) for vendor in self.vendors.values())

    def count(self) -> tuple[int, int, int, int]:
        """What a case must not add to: reconciles, write-backs of both systems, and effects at the vendors."""
        writes = [len(self.runs(f"write_back_{name}")) for name in SYSTEMS]
        return len(self.runs("reconcile")), *writes, self.effects()  # type: ignore[return-value]  # two systems

    def settle(self) -> None:
        """Wait until nothing runs, also what assets start a moment later."""
        for _ in range(3):
            wait_until(lambda: all(run.is_finished for run in self.running.api.runs()), 600)
            time.sleep(2)

    def select(self, query: str) -> list[tuple[object, ...]]:
        with self.running.warehouse.transaction() as connection:
            return connection.execute(query.encode()).fetchall()

    def gaps(self) -> list[object]:
        """What of the resources that are read by span was not read."""
        with self.running.warehouse.transaction() as connection:
            return list(list_gaps(connection))

    def check_books(self) -> None:
        assert self.select(TWICE) == [], "a change was sent twice"
        assert self.select(OPEN) == [], "a batch was landed and not judged"
        assert self.select(UNBALANCED) == [], "a plan was approved and neither carried out nor closed"
        with self.running.warehouse.transaction() as connection:
            assert check_writes(connection, datetime.now(UTC)) == []
        for verb in ("status", "report"):
            answer = self.running.call(verb)
            assert (answer.returncode, answer.stderr) == (0, ""), answer.stderr


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    read_at = (datetime.now(NEW_YORK) + MARGIN).replace(second=0, microsecond=0)
    world = generate(7, as_of=datetime.now(UTC) - 4 * DAY, customers=100, products=20, orders=60)
    vendors = {}
    for name in SYSTEMS:
        folder = tmp_path_factory.mktemp(name)
        load(name, folder, world.of(name))
        vendors[name] = start_vendor(name, folder)
    settings = {
        "CONCORD_SYSTEMS": ",".join(SYSTEMS),
        "CONCORD_TIME_ZONE": NEW_YORK.key,
        "CONCORD_READ_AT": f"{read_at:%H:%M}",
        "CONCORD_RECONCILE_AT": f"{read_at + timedelta(hours=2):%H:%M}",
        "CONCORD_REPORT_AT": f"{read_at + timedelta(hours=4):%H:%M}",
    }
    with run_airflow(
        tmp_path_factory.mktemp("home"),
        vendors=vendors,
        dags=11,
        prepare=lambda warehouse: prepare_warehouse(warehouse.url),
        settings=settings,
    ) as running:
        running.api.set_paused("reconcile", is_paused=False)
        yield Nights(running, vendors, read_at)
    for vendor in vendors.values():
        vendor.stop()


def stop_scheduler(running: Running) -> None:
    running.installation.processes.stop("airflow-scheduler")


def start_scheduler(running: Running) -> None:
    running.installation.processes.start(
        Command(
            name="airflow-scheduler",
            arguments=[sys.executable, "-m", "airflow", "scheduler", "--skip-serve-logs"],
            environment=running.airflow.environment(),
            folder=running.airflow.folder,
            grace=5.0,
        )
    )


def fill(nights: Nights, name: str, until: datetime) -> None:
    """Read a system from the beginning up to this moment, as nights before did."""
    system, server = registry.system(name), nights.vendors[name]
    vendor = find_vendors()[name]
    connection = Connection(f"{name}_default", server.url, *vendor.client, vendor.extra)
    window = Window(datetime(2000, 1, 1, 5, tzinfo=UTC), until)
    warehouse = nights.running.warehouse
    for resource in system.resources:
        with open_session(system, connection, warehouse, purpose="extract", reference=resource.name) as session:
            batch = extract_window(warehouse, session, system=system, resource=resource, window=window)
        validate_batch(
            warehouse, system=system, resource=resource, batch_id=batch, suites=PRODUCT / "expectations"
        )


def read_until(nights: Nights, system: str) -> object:
    query = f"select max(upper(covered_window)) from ops.batches where state = 'covered' and system = '{system}'"
    [(moment,)] = nights.select(query)
    return moment


def test_two_missed_nights_and_a_scheduler_that_was_down_lose_nothing(nights: Nights) -> None:
    """The shop was read up to two nights before, the CRM up to one."""
    running = nights.running
    fill(nights, "shopify", nights.read_at - 3 * DAY)
    fill(nights, "salesforce", nights.read_at - 2 * DAY)
    stop_scheduler(running)
    for dag_id in ("ingest_shopify", *(f"write_back_{name}" for name in SYSTEMS)):
        running.api.set_paused(dag_id, is_paused=False)
    wait_until(lambda: datetime.now(UTC) > nights.read_at + timedelta(seconds=2), 600)
    start_scheduler(running)
    wait_until(lambda: bool(nights.runs("ingest_shopify")))
    nights.settle()
    assert {(run.run_type, run.state) for run in nights.runs("ingest_shopify")} == {("scheduled", "success")}
    assert read_until(nights, "shopify") == nights.read_at
    assert [gap for gap in nights.gaps() if gap["system"] == "shopify"] == []  # type: ignore[index]  # rows
    nights.check_books()


def test_a_paused_ingest_is_named_and_nothing_is_reconciled_or_written(nights: Nights) -> None:
    assert nights.count() == (0, 0, 0, 0)
    said = " ".join(nights.running.call("status").stdout.split())
    assert "Paused in Airflow, so they do not run: ingest_salesforce, report." in said
    assert read_until(nights, "salesforce") < nights.read_at  # type: ignore[operator]  # a moment
    nights.check_books()


def test_two_manual_runs_at_once_read_one_after_the_other_and_start_nothing(nights: Nights) -> None:
    before = nights.count()
    api = nights.running.api
    started = [api.trigger("ingest_shopify") for _ in range(2)]
    nights.settle()
    first, second = sorted(
        (api.run("ingest_shopify", run_id) for run_id in started), key=lambda run: str(run.started_at)
    )
    assert (first.state, second.state) == ("success", "success")
    assert first.ended_at <= second.started_at  # type: ignore[operator]  # both have run
    assert nights.count() == before, "half of a night was reconciled"
    nights.check_books()


def test_the_night_ends_with_one_reconcile_and_every_change_is_written_once(nights: Nights) -> None:
    api = nights.running.api
    before = nights.count()
    api.set_paused("ingest_salesforce", is_paused=False)
    wait_until(lambda: len(nights.runs("reconcile")) > before[0], 600)
    wait_until(lambda: all(nights.runs(f"write_back_{name}") for name in SYSTEMS), 600)
    wait_until(lambda: approve_what_waits(nights), 600)
    nights.settle()
    assert nights.count()[:3] == (before[0] + 1, 1, 1)
    assert nights.gaps() == []
    [(confirmed, unknown)] = nights.select("select sum(confirmed)::int, sum(unknown)::int from ops.plans")
    assert confirmed > 0 == unknown  # type: ignore[operator]  # a number
    nights.check_books()
    assert "nothing has been written" not in nights.running.call("report").stdout


def approve_what_waits(nights: Nights) -> bool:
    """Approve the plans that wait for a person; says whether both write-backs have ended."""
    for action in nights.running.api.required_actions():
        nights.running.api.answer(action)
    return all(nights.newest(f"write_back_{name}").is_finished for name in SYSTEMS)


def clear(nights: Nights, run: DagRun, *names: str) -> None:
    """Clear a task with those after it, as Airflow's pages do, and wait for what follows."""
    tasks = [task for task in nights.running.api.task_instances(run.dag_id, run.run_id) if task.task_id in names]
    assert tasks
    nights.running.api.clear_tasks(tasks)
    wait_until(lambda: not nights.running.api.run(run.dag_id, run.run_id).is_finished, 60)
    nights.settle()


def read_old_night(nights: Nights, system: str) -> DagRun:
    start = nights.read_at - 3 * DAY
    run_id = nights.running.api.trigger(f"ingest_{system}", logical_date=start, interval=(start, start + DAY))
    nights.settle()
    return nights.running.api.run(f"ingest_{system}", run_id)


def test_an_old_night_that_is_read_or_cleared_starts_nothing(nights: Nights) -> None:
    """Both systems, so that a reconcile would start if the old runs announced what they read."""
    before = nights.count()
    for system in SYSTEMS:
        run = read_old_night(nights, system)
        assert run.state == "success"
        for first in ("extract", "validate"):
            clear(nights, run, *("extract", "validate", "announce")[("extract", "validate").index(first) :])
            assert nights.running.states(run)["announce"] == ["skipped"]
            assert nights.running.api.run(run.dag_id, run.run_id).state == "success"
    assert nights.count() == before
    assert nights.gaps() == []
    assert read_until(nights, "salesforce") >= nights.read_at  # type: ignore[operator]  # a moment
    nights.check_books()


@pytest.mark.parametrize("tasks", [("apply", "verify"), ("verify",)], ids=["apply", "verify"])
def test_clearing_an_old_write_back_sends_nothing_again(nights: Nights, tasks: tuple[str, ...]) -> None:
    api = nights.running.api
    if len(nights.runs("write_back_salesforce")) == 1:
        api.trigger("write_back_salesforce")
        nights.settle()
    before = nights.count()
    verified = nights.select("select count(*) from ops.changes where is_verified")
    clear(nights, nights.runs("write_back_salesforce")[-1], *tasks)
    assert nights.runs("write_back_salesforce")[-1].state == "success"
    assert nights.count() == before
    assert nights.select("select count(*) from ops.changes where is_verified") == verified
    nights.check_books()


def test_a_failed_ingest_marked_as_success_counts_as_not_read(nights: Nights) -> None:
    api, shop = nights.running.api, nights.vendors["shopify"]
    before, until = nights.count(), read_until(nights, "shopify")
    shop.control("faults", {"match": {}, "fault": {"kind": "status", "status": 403}, "times": None})
    run_id = api.trigger("ingest_shopify")
    nights.settle()
    assert api.run("ingest_shopify", run_id).state == "failed"
    api.end_run("ingest_shopify", run_id, "success")
    shop.control("faults", method="DELETE")
    nights.settle()
    assert nights.count() == before
    assert read_until(nights, "shopify") == until
    again = api.trigger("ingest_shopify")
    nights.settle()
    assert api.run("ingest_shopify", again).state == "success"
    assert read_until(nights, "shopify") > until  # type: ignore[operator]  # moments
    assert nights.gaps() == []
    nights.check_books()
