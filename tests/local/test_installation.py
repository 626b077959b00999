"""A whole installation: PostgreSQL and Airflow come up, run a Dag, ask a person, and go."""

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from concord.errors import AuthenticationError, ConfigurationError
from concord.local.airflow import Airflow
from concord.local.airflow_api import AirflowApi
from concord.local.installation import Installation, State, read_status, stop

DAGS = Path(__file__).with_name("dags")


def wait_until(is_true: Callable[[], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def airflow(module_home: Path) -> Iterator[Airflow]:
    with Installation(module_home, is_bound=True) as installation:
        installation.start_postgres()
        airflow = installation.prepare_airflow(dags=DAGS, plugins=None, connections={}, extra={})
        airflow.start()
        airflow.wait_healthy()
        yield airflow


@pytest.fixture(scope="module")
def api(airflow: Airflow) -> Iterator[AirflowApi]:
    with AirflowApi(airflow.url, user="admin", password=airflow.password) as api:
        wait_until(lambda: "hello" in api.dag_ids())
        yield api


def test_all_parts_of_airflow_are_healthy(airflow: Airflow) -> None:
    assert airflow.unhealthy() == []


def test_the_dags_folder_is_parsed_without_errors(api: AirflowApi) -> None:
    assert api.dag_ids() == ["hello"]
    assert api.import_errors() == {}


def test_a_run_waits_for_a_person_and_ends_after_the_answer(api: AirflowApi) -> None:
    first, second = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    run_id = api.trigger("hello", logical_date=first, interval=(first, second), conf={"why": "test"})
    api.set_paused("hello", is_paused=False)
    wait_until(lambda: len(api.required_actions("hello", run_id)) == 1)
    [action] = api.required_actions("hello", run_id)
    assert (action.subject, action.options) == ("May I say hello?", ("Approve", "Reject"))
    api.answer(action)
    wait_until(lambda: api.run("hello", run_id).is_finished)
    tasks = {task.task_id: task for task in api.task_instances("hello", run_id)}
    assert {name: task.state for name, task in tasks.items()} == {"approve": "success", "greet": "success"}
    assert api.run("hello", run_id).state == "success"


def test_a_backfill_makes_one_run_per_day(api: AirflowApi) -> None:
    backfill = api.create_backfill(
        "hello", first=datetime(2026, 4, 3, tzinfo=UTC), last=datetime(2026, 4, 5, tzinfo=UTC)
    )
    runs = api.runs("hello", run_type="backfill")
    days = {run.logical_date.day for run in runs if run.logical_date is not None}
    assert days == {3, 4, 5}
    assert not api.is_backfill_complete(backfill)


def test_a_command_of_airflow_sees_the_installation(airflow: Airflow, api: AirflowApi) -> None:
    command = [sys.executable, "-m", "concord.cli", "airflow", "dags", "list", "--output", "json"]
    environment = {**os.environ, "CONCORD_HOME": str(airflow.settings.home)}
    called = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert called.returncode == 0, called.stderr
    assert [dag["dag_id"] for dag in json.loads(called.stdout[called.stdout.index("[{") :])] == api.dag_ids()
    help_of = subprocess.run(
        [*command[:4], "dags", "--help"], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert "airflow dags" in help_of.stdout


def test_a_wrong_password_is_one_sentence(airflow: Airflow) -> None:
    with (
        AirflowApi(airflow.url, user="admin", password="guess") as stranger,
        pytest.raises(AuthenticationError, match="does not accept the password of admin"),
    ):
        stranger.dag_ids()


def test_the_secrets_are_readable_by_their_owner_alone(airflow: Airflow) -> None:
    home = airflow.settings.home
    names = [
        "run.json",
        *(f"airflow/{name}" for name in ("passwords.json", "fernet_key", "jwt_secret", "secret_key")),
    ]
    assert {name: stat.S_IMODE((home / name).stat().st_mode) for name in names} == dict.fromkeys(names, 0o600)


def test_a_second_start_of_the_same_installation_is_refused(airflow: Airflow) -> None:
    with (
        pytest.raises(ConfigurationError, match="already started"),
        Installation(airflow.settings.home, is_bound=True),
    ):
        pytest.fail("it started a second time")
    assert airflow.unhealthy() == []


def test_an_installation_stays_up_until_it_is_stopped(home: Path) -> None:
    with Installation(home, is_bound=False) as installation:
        installation.start_postgres()
    status = read_status(home)
    assert (status.state, status.running) == (State.RUNNING, ("postgres",))
    with (
        pytest.raises(ConfigurationError, match=r"stop it with \./concord down"),
        Installation(home, is_bound=False),
    ):
        pytest.fail("it started a second time")
    assert stop(home) == ("postgres",)
    assert read_status(home).state is State.STOPPED


def test_an_installation_that_died_is_recognised(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "run.json").write_text(json.dumps({"processes": ["postgres"], "started_at": "2026-01-01T00:00"}))
    assert read_status(home).state is State.STOPPED
    with Installation(home, is_bound=True) as installation:
        installation.start_postgres()
        assert read_status(home).state is State.RUNNING


def test_a_lost_part_makes_it_broken(home: Path) -> None:
    with Installation(home, is_bound=True) as installation:
        installation.start_postgres()
        facts = json.loads((home / "run.json").read_text())
        (home / "run.json").write_text(json.dumps({**facts, "processes": ["postgres", "airflow-scheduler"]}))
        status = read_status(home)
        assert (status.state, status.missing) == (State.BROKEN, ("airflow-scheduler",))


def test_a_failed_start_leaves_nothing_running(home: Path) -> None:
    def start_and_fail() -> None:
        with Installation(home, is_bound=False) as installation:
            installation.start_postgres()
            raise ConfigurationError("The dags folder is not a folder.")

    with pytest.raises(ConfigurationError, match="not a folder"):
        start_and_fail()
    assert read_status(home).state is State.STOPPED
    assert [
        process.pid for process in psutil.process_iter(["cmdline"]) if str(home) in str(process.info["cmdline"])
    ] == []
