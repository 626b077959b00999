"""The installation of docker-compose.yaml, run as processes: every part is healthy and a worker does the work."""

import socket
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from concord.local.airflow_api import AirflowApi
from concord.registry import pool_slots
from concord.testing.databases import open_folder
from tests.local.compose import Stack, draw_secrets, has_redis

DAG = "replay"
VARIABLES = {
    **draw_secrets(),
    "CONCORD_SYSTEMS": "shopify,tryton",
    "CONCORD_SHARED_BUFFERS": "128MB",
    "CONCORD_WORKER_CONCURRENCY": "2",
}

pytestmark = pytest.mark.skipif(
    not has_redis(),
    reason="needs a redis-server: this machine has none, and for its Python and processor no package brings one",
)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with open_folder() as home:
        with Stack(home, VARIABLES) as stack:
            stack.up()
            assert stack.unhealthy("api-server") == {}
            yield stack
            assert stack.left() != []
        assert stack.left() == []


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[AirflowApi]:
    with AirflowApi(stack.url, user="admin", password=VARIABLES["CONCORD_ADMIN_PASSWORD"]) as api:
        yield api


def wait_until(is_true: Callable[[], bool], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def test_every_health_check_of_the_file_says_yes(stack: Stack) -> None:
    lasting = [name for name, service in stack.services.items() if service.is_lasting]
    assert len(lasting) == 7
    assert stack.unhealthy(*lasting) == {}


def test_a_run_by_hand_is_done_by_a_celery_worker(stack: Stack, api: AirflowApi) -> None:
    wait_until(lambda: {DAG, "ingest_shopify"} <= {*api.dag_ids()})  # each file is parsed in a process of its own
    assert api.import_errors() == {}
    assert {dag for dag in api.dag_ids() if dag.startswith("ingest_")} == {"ingest_shopify", "ingest_tryton"}
    run_id = api.trigger(DAG)
    api.set_paused(DAG, is_paused=False)
    wait_until(lambda: api.run(DAG, run_id).is_finished)
    assert api.run(DAG, run_id).state == "success"

    [task] = api._call("GET", f"/dags/{DAG}/dagRuns/{run_id}/taskInstances")["task_instances"]
    assert (task["state"], task["queue"], task["hostname"]) == ("success", "default", socket.gethostname())
    [read] = api.task_instances(DAG, run_id)
    assert "replayed: {}" in api.task_log(read)
    wait_until(lambda: "succeeded in" in stack.processes.log("worker").read_text())
    results = stack.services["scheduler"].environment["AIRFLOW__CELERY__RESULT_BACKEND"].removeprefix("db+")
    with psycopg.connect(results) as connection:
        assert connection.execute("select status from celery_taskmeta").fetchall() == [("SUCCESS",)]


def test_the_first_start_made_the_pools(api: AirflowApi) -> None:
    pools = {item["name"]: item["slots"] for item in api._pages("/pools", "pools")}
    wanted = {name: slots for name, slots in pool_slots().items() if name != "salesforce"}
    assert len(wanted) == 3
    assert pools == {"default_pool": 128, **wanted}
