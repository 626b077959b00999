"""Backfills in a running Airflow: what they read, what follows them, and that no terminal holds any of it."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from concord.cli.installation_start import prepare_warehouse
from concord.errors import RequestError
from concord.local.airflow_api import AirflowApi
from concord.store.engine import Database
from sandbox.launch import start as start_vendor
from sandbox.load import load
from sandbox.world import generate
from tests.dags.running import Running, run_airflow, wait_until

DAY = timedelta(days=1)
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
pytestmark = pytest.mark.timeout(900)
Concord = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("shop")
    load("shopify", folder, generate(7, as_of=TODAY, customers=100, products=30, orders=100).of("shopify"))
    shop = start_vendor("shopify", folder)
    with run_airflow(
        tmp_path_factory.mktemp("home"),
        vendors={"shopify": shop},
        dags=9,
        prepare=lambda warehouse: prepare_warehouse(warehouse.url),
        settings={"CONCORD_SYSTEMS": "shopify"},
    ) as running:
        for dag_id in ("backfill", "after_backfill", "reconcile", "write_back_shopify"):
            running.api.set_paused(dag_id, is_paused=False)
        yield running
    shop.stop()


@pytest.fixture
def api(running: Running) -> AirflowApi:
    return running.api


@pytest.fixture
def warehouse(running: Running) -> Database:
    return running.warehouse


@pytest.fixture
def concord(running: Running) -> Concord:
    return running.start


def say(started: subprocess.Popen[str], *, status: int = 0) -> str:
    """What a command printed; it must end with this status."""
    out, err = started.communicate(timeout=600)
    assert started.returncode == status, err
    return out + err


def days(first: int, last: int) -> list[str]:
    """Options for the days from so many days ago to so many days ago."""
    return ["--from", f"{TODAY - first * DAY:%Y-%m-%d}", "--to", f"{TODAY - last * DAY:%Y-%m-%d}"]


def covered(warehouse: Database, resource: str = "orders") -> list[tuple[object, object]]:
    with warehouse.transaction() as connection:
        return connection.execute(
            "select lower(covered_window), upper(covered_window) from ops.batches "
            "where resource = %s and state = 'covered' and purpose = 'window' order by 1",
            (resource,),
        ).fetchall()  # type: ignore[return-value]  # two columns


def test_a_closed_terminal_ends_nothing_another_follows_cancels_and_resumes(
    running: Running, api: AirflowApi, concord: Concord, warehouse: Database
) -> None:
    paused = api.paused_dag_ids()
    terminal = concord("backfill", *days(22, 3), "--step", "day", "--resource", "orders")
    wait_until(lambda: bool(api.runs("backfill")))
    terminal.send_signal(signal.SIGKILL)
    terminal.communicate()
    listed = say(concord("backfills", "list"))
    assert "running" in listed or "queued" in listed

    another = concord("backfills", "follow")
    wait_until(lambda: len(covered(warehouse)) >= 2)
    assert "does the rest" in say(concord("backfills", "cancel"))
    assert "was cancelled. What it read stays; ./concord backfills resume" in say(another, status=1)
    assert "cancelled" in say(concord("backfills", "list"))
    assert len(covered(warehouse)) < 20
    assert api.runs("reconcile") == [], "a part of a range was reconciled"

    assert "Nothing was written to any system" in say(concord("backfills", "resume"))
    assert covered(warehouse) == [(TODAY - ago * DAY, TODAY - (ago - 1) * DAY) for ago in range(22, 2, -1)]
    [run] = api.runs("backfill")
    [reconcile] = api.runs("reconcile")
    assert reconcile.run_id.startswith(f"after_backfill__{run.run_id}")
    assert running.states(reconcile)["allow_shopify"] == ["skipped"]
    assert api.runs("write_back_shopify") == []
    assert api.runs("ingest_shopify") == []
    assert api.paused_dag_ids() == paused, "whether a Dag is paused was changed"
    assert "is complete" in say(concord("backfills", "resume"), status=1)
    assert "No backfill is under way" in say(concord("backfills", "cancel"), status=1)


def test_a_night_that_only_reads_tells_its_reconcile(running: Running, api: AirflowApi) -> None:
    before = {run.run_id for run in api.runs("reconcile")}
    night = api.trigger(
        "ingest_shopify", logical_date=TODAY - DAY, interval=(TODAY - DAY, TODAY), conf={"write_back": False}
    )
    api.set_paused("ingest_shopify", is_paused=False)
    wait_until(lambda: api.run("ingest_shopify", night).is_finished)
    assert running.states(api.run("ingest_shopify", night))["announce_fill"] == ["skipped"]
    wait_until(lambda: len(api.runs("reconcile")) > len(before))
    wait_until(lambda: all(run.is_finished for run in api.runs("reconcile")))
    [after] = [run for run in api.runs("reconcile") if run.run_id not in before]
    assert running.states(after)["allow_shopify"] == ["skipped"]
    assert api.runs("write_back_shopify") == []


def test_airflows_own_backfill_fills_and_reconcile_follows_the_whole_range(
    running: Running, api: AirflowApi, warehouse: Database
) -> None:
    """Needs the night before, in whose place the schedule adds no run."""
    before = {run.run_id for run in api.runs("reconcile")}
    backfill = api.create_backfill("ingest_shopify", first=TODAY - 50 * DAY, last=TODAY - 48 * DAY)
    wait_until(lambda: api.is_backfill_complete(backfill))
    runs = api.runs("ingest_shopify", run_type="backfill")
    assert [run.state for run in runs] == ["success"] * 3, [running.failures(run) for run in runs]
    assert {tuple(running.states(run)["announce"]) for run in runs} == {("skipped",)}
    wait_until(lambda: len(api.runs("reconcile")) > len(before))
    wait_until(lambda: all(run.is_finished for run in [*api.runs("after_backfill"), *api.runs("reconcile")]))
    [after] = [run for run in api.runs("reconcile") if run.run_id not in before]
    assert after.run_id.startswith("after_backfill__asset_triggered")
    assert running.states(after)["allow_shopify"] == ["skipped"]
    claims = [tuple(running.states(run)["claim_days"]) for run in api.runs("after_backfill")]
    assert claims.count(("success",)) == 1, "more than one run started a reconcile"
    assert api.runs("write_back_shopify") == []


@pytest.mark.parametrize("dag_id", ["reconcile", "report", "watch", "write_back_shopify", "backfill"])
def test_a_backfill_of_what_works_on_the_present_state_is_refused(api: AirflowApi, dag_id: str) -> None:
    with pytest.raises(RequestError):
        api.create_backfill(dag_id, first=TODAY - 3 * DAY, last=TODAY - DAY)


def test_a_paused_reconcile_is_not_unpaused_by_a_backfill(api: AirflowApi, concord: Concord) -> None:
    count = len(api.runs("backfill"))
    api.set_paused("reconcile", is_paused=True)
    assert "reconcile is paused in Airflow" in say(concord("backfill", *days(6, 6)), status=1)
    assert "reconcile" in api.paused_dag_ids()
    assert len(api.runs("backfill")) == count
    api.set_paused("reconcile", is_paused=False)


def test_with_write_back_the_net_changes_are_planned_once(
    running: Running, api: AirflowApi, concord: Concord
) -> None:
    assert "The write-backs begin now: shopify" in say(concord("backfill", *days(2, 1), "--write-back"))
    [run] = [run for run in api.runs("reconcile") if run.run_id == api.runs("reconcile")[0].run_id]
    assert running.states(run)["allow_shopify"] == ["success"]
    wait_until(lambda: len(api.runs("write_back_shopify")) == 1)


def test_a_night_that_waited_for_a_backfill_is_written_at_its_end(
    running: Running, api: AirflowApi, concord: Concord
) -> None:
    terminal = concord("backfill", *days(30, 27), "--step", "day", "--resource", "orders")
    wait_until(lambda: api.runs("backfill")[0].state == "running")
    night = api.trigger("reconcile")
    assert running.states(running.finish("reconcile", night))["allow_shopify"] == ["skipped"]
    assert "of the night that waited for the backfill begin now: shopify" in say(terminal)
    [end] = [run for run in api.runs("reconcile") if api.runs("backfill")[0].run_id in run.run_id]
    assert running.states(end)["allow_shopify"] == ["success"]
    with running.warehouse.transaction() as connection:
        assert connection.execute("select count(*) from ops.held_write_backs").fetchone() == (0,)
    wait_until(lambda: bool(api.runs("write_back_shopify")))
    wait_until(lambda: api.runs("write_back_shopify")[0].is_finished)


def test_a_rebuild_works_on_all_records_and_writes_nothing(
    running: Running, api: AirflowApi, concord: Concord
) -> None:
    before = {run.run_id for run in api.runs("reconcile")}
    assert "Reconcile all records" in say(concord("rebuild"))
    [rebuild] = [run for run in api.runs("reconcile") if run.run_id not in before]
    [built] = [task for task in api.task_instances("reconcile", rebuild.run_id) if task.task_id == "build"]
    assert "Worked on all records." in api.task_log(built)
    assert running.states(rebuild)["allow_shopify"] == ["skipped"]
