"""The Dags in a running Airflow: plans that a person declines, a replay, a system that is not set up, an alarm."""

import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import sql

from concord import registry
from concord.contract import Window
from concord.installed import PRODUCT
from concord.local.airflow_api import AirflowApi
from concord.local.airflow_records import DagRun
from concord.settings import Connection
from concord.stages.extract.read_window import extract_window
from concord.stages.sessions import open_session
from concord.stages.validate.judge import validate_batch
from concord.store.engine import LOADER, TRANSFORMER, Database
from concord.store.migrate import migrate
from concord.store.tables import create_tables
from sandbox.launch import Server
from sandbox.launch import start as start_vendor
from sandbox.load import load
from sandbox.vendors.registry import find_vendors
from sandbox.world import generate
from tests.dags.running import Running, run_airflow, start_night, wait_until

HOSTILE = "{{ 7*7 }} {% for %} <script>alert(1)</script> | [now](javascript:alert(1))"
AS_OF = datetime(2026, 11, 21, tzinfo=UTC)
DECLINED = ("declined", "admin", 1, 0, 1)
Concord = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A shop in which one product has a price below 0."""
    folder = tmp_path_factory.mktemp("shop")
    load("shopify", folder, generate(7, as_of=AS_OF, customers=100, products=30, orders=100).of("shopify"))
    server = start_vendor("shopify", folder)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, shop: Server) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    with run_airflow(home, vendors={"shopify": shop}, dags=13, prepare=prepare, settings={}) as running:
        yield running


@pytest.fixture
def api(running: Running) -> AirflowApi:
    return running.api


@pytest.fixture
def warehouse(running: Running) -> Database:
    return running.warehouse


@pytest.fixture
def concord(running: Running) -> Concord:
    """The command line as an operator of this installation runs it."""
    return running.call


@pytest.fixture
def letter(shop: Server, warehouse: Database) -> tuple[str, str]:
    """The product that was set aside: its dead letter and its key."""
    system = registry.system("shopify")
    products = system.resource("products")
    window = Window(AS_OF - timedelta(days=999), AS_OF)
    vendor = find_vendors()["shopify"]
    connection = Connection("shopify_default", shop.url, *vendor.client, vendor.extra)
    with open_session(system, connection, warehouse, purpose="extract", reference="products") as session:
        batch = extract_window(warehouse, session, system=system, resource=products, window=window)
    suites = PRODUCT / "expectations"
    counts = validate_batch(warehouse, system=system, resource=products, batch_id=batch, suites=suites)
    assert counts.quarantined == 1
    with warehouse.transaction() as connected:
        ((letter_id, key),) = connected.execute(
            "select dead_letter_id, record_key from ops.dead_letters"
        ).fetchall()
    return str(letter_id), str(key)


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


def finish(api: AirflowApi, dag_id: str, run_id: str) -> DagRun:
    wait_until(lambda: api.run(dag_id, run_id).is_finished)
    return api.run(dag_id, run_id)


def log_of(api: AirflowApi, dag_id: str, run_id: str, task_id: str) -> str:
    tasks = [task for task in api.task_instances(dag_id, run_id) if task.task_id == task_id]
    return "\n".join(api.task_log(task) for task in tasks)


def in_code(markdown: str) -> tuple[str, str]:
    """What stands between backticks, where no text acts, and what stands around it."""
    return " ".join(re.findall(r"`([^`]*)`", markdown)), re.sub(r"`[^`]*`", "", markdown)


def test_every_dag_loads(api: AirflowApi) -> None:
    assert api.import_errors() == {}


def test_a_plan_waits_for_a_person_and_its_text_stays_text(
    api: AirflowApi, concord: Concord, warehouse: Database
) -> None:
    run_id = start_night(api, "write_back_shopify")
    wait_until(lambda: len(api.required_actions("write_back_shopify", run_id)) == 1)
    [action] = api.required_actions("write_back_shopify", run_id)
    assert action.subject == "shopify: a plan waits for your approval (changes: 1)"
    shown, around = in_code(action.body)
    assert "{{ 7*7 }} {% for %} <script>alert(1)" in shown
    assert not re.search(r"[<{]|\]\(", around), "a vendor's text lies open in the page"

    assert decline_newest(concord, warehouse) == ["declined"]
    assert finish(api, "write_back_shopify", run_id).state == "success"
    states = {task.task_id: task.state for task in api.task_instances("write_back_shopify", run_id)}
    assert states["ask_a_person"] == "success"
    assert {states[name] for name in ("approve_by_policy", "apply", "verify")} == {"skipped"}


def test_a_declined_plan_writes_nothing_and_is_asked_again(
    api: AirflowApi, concord: Concord, warehouse: Database, shop: Server
) -> None:
    written = shop.control("effects")
    for _ in range(2):
        api.set_paused("write_back_shopify", is_paused=False)
        run_id = api.trigger("write_back_shopify")
        wait_until(lambda run=run_id: len(api.required_actions("write_back_shopify", run)) == 1)  # type: ignore[misc]  # bound now
        assert "waits for approval" in concord("plan", "show", newest_plan(warehouse)).stdout
        assert decline_newest(concord, warehouse) == ["declined"]
        finish(api, "write_back_shopify", run_id)
    with warehouse.transaction() as connection:
        plans = connection.execute("select state, approved_by, planned, confirmed, held from ops.plans").fetchall()
        sent = connection.execute("select count(*) from ops.journal where event <> 'held'").fetchall()
    assert len(plans) >= 2
    assert set(plans) == {DECLINED}
    assert sent == [(0,)]
    assert shop.control("effects") == written
    assert "Not sent: the plan was declined by admin." in concord("trace", "shopify", "gid://1").stdout
    again = concord("decline", newest_plan(warehouse))
    assert again.returncode == 1
    assert "is declined, so there is nothing to decide" in again.stderr


def newest_plan(warehouse: Database) -> str:
    with warehouse.transaction() as connection:
        ((plan_id,),) = connection.execute(
            "select plan_id from ops.plans order by created_at desc limit 1"
        ).fetchall()
    return str(plan_id)


def decline_newest(concord: Concord, warehouse: Database) -> list[str]:
    """Decline the plan that was made last; where it stands as soon as Airflow has heard it."""
    plan_id = newest_plan(warehouse)
    answer = concord("decline", plan_id[:12])
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("Declined as admin: 1 change for shopify. Nothing of it is written")
    wait_until(lambda: state_of(warehouse, plan_id) != ["planned"])
    return state_of(warehouse, plan_id)


def state_of(warehouse: Database, plan_id: str) -> list[str]:
    with warehouse.transaction() as connection:
        found = connection.execute("select state from ops.plans where plan_id = %s", (plan_id,)).fetchall()
    return [str(row[0]) for row in found]


def test_a_record_corrected_at_its_source_passes_its_replay(
    api: AirflowApi, concord: Concord, warehouse: Database, shop: Server, letter: tuple[str, str]
) -> None:
    name, key = letter
    refused = concord("dead-letters", "replay", name[:8])
    assert (refused.returncode, refused.stderr) == (1, "")
    assert "1 record is still refused" in refused.stdout
    assert f"./concord dead-letters replay --read {name[:8]}" in refused.stdout
    shop.control("edit", {"resource": "product_variants", "id": key, "set": {"price": "171.30"}})
    passed = concord("dead-letters", "replay", name[:8], "--read")
    assert (passed.returncode, passed.stderr) == (0, "")
    assert "1 record passed" in passed.stdout
    with warehouse.transaction() as connection:
        held = connection.execute("select price::text from validated.shopify__products where _key = %s", (key,))
        assert held.fetchall() == [("171.30",)]
        letters = connection.execute("select dead_letter_id, state, attempts from ops.dead_letters").fetchall()
    assert letters == [(name, "resolved", 3)]
    again = concord("dead-letters", "replay", name[:8])
    assert (again.returncode, again.stderr) == (0, "")
    assert "settled since" in again.stdout
    assert [run.state for run in api.runs("replay")] == ["success", "success"], "the third asked Airflow nothing"


@pytest.mark.parametrize("verb", ["show", "replay"])
def test_an_unknown_dead_letter_is_one_sentence(concord: Concord, verb: str) -> None:
    answer = concord("dead-letters", verb, "zzz")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        "concord: There is no dead letter 'zzz'; ./concord dead-letters list --all shows those there are. "
        "Closed ones are kept for 90 nights.\n"
    )


def test_a_missing_connection_fails_at_once_with_what_to_do(api: AirflowApi) -> None:
    run_id = start_night(api, "ingest_tryton")
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
    run_id = start_night(api, "watch")
    assert finish(api, "watch", run_id).state == "failed"
    states = {task.task_id: task.state for task in api.task_instances("watch", run_id)}
    assert [name for name, state in states.items() if state == "failed"] == ["freshness"]
    assert "stale data: shopify: customers was never read" in log_of(api, "watch", run_id, "freshness")
