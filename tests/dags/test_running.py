"""The Dags in a running Airflow: a plan that waits for a person, a system that is not set up, an alarm."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import sql

from concord import registry
from concord.local.airflow_api import AirflowApi, DagRun
from concord.local.installation import Installation
from concord.registry import pool_slots
from concord.settings import REPOSITORY
from concord.store.engine import LOADER, TRANSFORMER, Database
from concord.store.migrate import migrate
from concord.store.tables import create_tables

HOSTILE = "{{ 7*7 }} {% for %} <script>alert(1)</script> | [now](javascript:alert(1))"
# Nobody listens here, and no test needs an answer.
NOWHERE = json.dumps({"conn_type": "http", "host": "127.0.0.1", "schema": "http", "port": 9, "password": "x"})


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("home"), is_bound=True) as installation:
        installation.start_postgres()
        prepare(Database(installation.postgres.url()))
        yield installation


@pytest.fixture(scope="module")
def warehouse(installation: Installation) -> Database:
    return Database(installation.postgres.url())


@pytest.fixture(scope="module")
def api(installation: Installation) -> Iterator[AirflowApi]:
    airflow = installation.prepare_airflow(
        dags=REPOSITORY / "dags",
        plugins=REPOSITORY / "plugins",
        connections={"shopify_default": NOWHERE},
        extra={},
    )
    airflow.start()
    airflow.wait_healthy()
    with AirflowApi(airflow.url, user="admin", password=airflow.password) as api:
        for name, slots in pool_slots().items():
            api.set_pool(name, slots)
        wait_until(lambda: len(api.dag_ids()) == 11)
        yield api


def prepare(warehouse: Database) -> None:
    """A customer whose company should be called something unfriendly."""
    migrate(warehouse)
    for system in registry.systems():
        for resource in system.resources:
            create_tables(warehouse, system, resource)
    with warehouse.transaction(LOADER) as connection:
        connection.execute(
            "insert into validated.shopify__customers (_key, source_id, company_name, updated_at, _batch_id, "
            "_payload_hash) values ('gid://1', 'gid://1', 'Old', now(), 'b', 'h')"
        )
    with warehouse.transaction(TRANSFORMER) as connection:
        for resource in registry.system("shopify").resources:
            connection.execute(
                sql.SQL("create table marts.{} (_entity_id text, _key text, _reason text)").format(
                    sql.Identifier(f"desired_shopify__{resource.name}")
                )
            )
        connection.execute("alter table marts.desired_shopify__customers add column company_name text")
        connection.execute(
            "insert into marts.desired_shopify__customers values ('CUS-1', 'gid://1', 'the owner says so', %s)",
            (HOSTILE,),
        )


def wait_until(is_true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def finish(api: AirflowApi, dag_id: str, run_id: str) -> DagRun:
    wait_until(lambda: api.run(dag_id, run_id).is_finished)
    return api.run(dag_id, run_id)


def start(api: AirflowApi, dag_id: str) -> str:
    """A run in the place of last night's, so that the schedule adds none of its own."""
    night = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    run_id = api.trigger(dag_id, logical_date=night, interval=(night, night + timedelta(days=1)))
    api.set_paused(dag_id, is_paused=False)
    return run_id


def log_of(api: AirflowApi, dag_id: str, run_id: str, task_id: str) -> str:
    tasks = [task for task in api.task_instances(dag_id, run_id) if task.task_id == task_id]
    return "\n".join(api.task_log(task) for task in tasks)


def in_code(markdown: str) -> tuple[str, str]:
    """What stands between backticks, where no text acts, and what stands around it."""
    return " ".join(re.findall(r"`([^`]*)`", markdown)), re.sub(r"`[^`]*`", "", markdown)


def test_every_dag_loads(api: AirflowApi) -> None:
    assert api.import_errors() == {}


def test_a_plan_waits_for_a_person_and_its_text_stays_text(api: AirflowApi, warehouse: Database) -> None:
    run_id = start(api, "write_back_shopify")
    wait_until(lambda: len(api.required_actions("write_back_shopify", run_id)) == 1)
    [action] = api.required_actions("write_back_shopify", run_id)
    assert action.subject == "shopify: a plan waits for your approval (changes: 1)"
    shown, around = in_code(action.body)
    assert "{{ 7*7 }} {% for %} <script>alert(1)" in shown
    assert not re.search(r"[<{]|\]\(", around), "a vendor's text lies open in the page"

    api.answer(action, "Reject")
    assert finish(api, "write_back_shopify", run_id).state == "success"
    states = {task.task_id: task.state for task in api.task_instances("write_back_shopify", run_id)}
    assert states["ask_a_person"] == "success"
    assert {states[name] for name in ("approve_by_policy", "apply", "verify")} == {"skipped"}
    with warehouse.transaction() as connection:
        plans = connection.execute("select state, approved_by, planned, held from ops.plans").fetchall()
    assert plans == [("declined", "admin", 1, 1)]


def test_a_missing_connection_fails_at_once_with_what_to_do(api: AirflowApi) -> None:
    run_id = start(api, "ingest_tryton")
    assert finish(api, "ingest_tryton", run_id).state == "failed"
    extracts = [task for task in api.task_instances("ingest_tryton", run_id) if task.task_id == "extract"]
    resources = [resource.name for resource in registry.system("tryton").resources]
    assert sorted(str(task.label) for task in extracts) == sorted(resources)
    assert {(task.state, task.try_number) for task in extracts} == {("failed", 1)}
    sentence = 'Connection "tryton_default" is not defined; add it in Airflow (Admin, Connections) or set'
    assert sentence in log_of(api, "ingest_tryton", run_id, "extract")
    refusal = log_of(api, "ingest_tryton", run_id, "validate")
    assert f"{len(resources)} of {len(resources)} resources of tryton did not get through" in refusal


def test_an_alarm_is_a_red_task_with_a_sentence(api: AirflowApi) -> None:
    run_id = start(api, "watch")
    assert finish(api, "watch", run_id).state == "failed"
    states = {task.task_id: task.state for task in api.task_instances("watch", run_id)}
    assert [name for name, state in states.items() if state == "failed"] == ["freshness"]
    assert "stale data: shopify: customers was never read" in log_of(api, "watch", run_id, "freshness")
