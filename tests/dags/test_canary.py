"""One word stands in every personal field, much is refused, and no log of the night holds the word."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from concord import registry
from concord.cli.installation_start import prepare_warehouse
from concord.store.engine import TRANSFORMER, Database
from sandbox.launch import Server
from sandbox.launch import start as start_vendor
from sandbox.load import load
from sandbox.world import generate
from tests.dags.running import Running, run_airflow, start_night, wait_until

WORD = "kanarienvogel"
QUOTED = f"The customer {WORD.title()} {WORD.upper()} of {WORD.title()}gasse 12 in {WORD} is refused"
KEPT_WITH_RECORDS = ("postgres", "archive")  # folders of the warehouse itself, which holds records
DESIRED = """
create table marts.desired_shopify__customers (
    _entity_id text, _key text, _reason text, company_name text, street text, city text
)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A shop whose customers have the word in each personal field; one has no e-mail address that can be right."""
    folder = tmp_path_factory.mktemp("shop")
    world = generate(7, as_of=datetime.now(UTC), customers=12, products=6, orders=8).of("shopify")
    customers = [with_word(record, number) for number, record in enumerate(world["customers"])]
    customers[0]["defaultEmailAddress"] = {"emailAddress": f"{WORD} at nowhere"}
    load("shopify", folder, {**world, "customers": customers})
    server = start_vendor("shopify", folder)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, shop: Server) -> Iterator[Running]:
    def prepare(warehouse: Database) -> None:
        prepare_warehouse(warehouse.url)

    home = tmp_path_factory.mktemp("home")
    with run_airflow(home, vendors={"shopify": shop}, dags=13, prepare=prepare, settings={}) as running:
        yield running


def with_word(record: Mapping[str, Any], number: int) -> dict[str, Any]:
    address = {**(record.get("defaultAddress") or {}), "company": f"{WORD} GmbH", "address1": f"{WORD}gasse 12"}
    address |= {"city": WORD, "zip": "12345", "firstName": WORD, "lastName": WORD}
    named = {
        "firstName": WORD.title(),
        "lastName": WORD.upper(),
        "defaultAddress": address,
        "addresses": [address],
    }
    return {**record, **named, "defaultEmailAddress": {"emailAddress": f"{WORD}{number}@example.org"}}


def refuse(shop: Server, operation: str, times: int | None = 1) -> None:
    fault = {"kind": "status", "status": 400, "message": QUOTED}
    shop.control("faults", {"match": {"operation": operation}, "fault": fault, "times": times})


def want_other_companies(warehouse: Database) -> None:
    """Every customer should have another company, so that a plan is full of the word."""
    with warehouse.transaction(TRANSFORMER) as connection:
        connection.execute(DESIRED)
        connection.execute(
            "insert into marts.desired_shopify__customers select 'CUS-' || _key, _key, 'the owner says so', "
            "company_name || ' neu', street, city from validated.shopify__customers"
        )
        for resource in registry.system("shopify").resources[1:]:
            connection.execute(
                sql.SQL("create table marts.{} (_entity_id text, _key text, _reason text)").format(
                    sql.Identifier(f"desired_shopify__{resource.name}")
                )
            )


def places_with_word(home: Path) -> list[str]:
    """The files of the installation in which the word stands, but for the warehouse's own."""
    files = [path for path in home.rglob("*") if path.is_file()]
    logs = [path for path in files if not set(path.relative_to(home).parts) & set(KEPT_WITH_RECORDS)]
    logs += [path for path in files if path.suffix == ".log"]
    assert any("attempt=" in path.name for path in logs), "there are no logs of tasks"
    assert any("scheduler" in str(path) for path in logs), "there is no log of the scheduler"
    assert any("postgres" in path.name for path in logs), "there is no log of PostgreSQL"
    return sorted({str(path) for path in logs if WORD.encode() in path.read_bytes().lower()})


def rows_with_word(url: str) -> list[str]:
    """The tables of a database in whose rows the word stands."""
    found = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname in ('public', 'ops')"
        ).fetchall()
        for schema, table in tables:
            query = sql.SQL("select count(*) from {} as row where row::text ilike {}")
            name = sql.Identifier(schema, table)
            (count,) = connection.execute(query.format(name, sql.Literal(f"%{WORD}%"))).fetchone() or (0,)
            if count:
                found.append(f"{schema}.{table}")
    return sorted(found)


def write_and_be_refused(running: Running, shop: Server) -> list[str]:
    """The messages of what was set aside, in a write-back of which the shop refuses every change."""
    api, warehouse = running.api, running.warehouse
    want_other_companies(warehouse)
    refuse(shop, "^customerUpdate$|ustomerAddress", times=None)
    api.set_paused("write_back_shopify", is_paused=False)
    written = api.trigger("write_back_shopify")
    wait_until(lambda: len(api.required_actions("write_back_shopify", written)) == 1)
    api.answer(api.required_actions("write_back_shopify", written)[0])
    running.finish("write_back_shopify", written)
    with warehouse.transaction() as connection:
        ends = connection.execute("select distinct state from ops.changes").fetchall()
        letters = connection.execute("select stage, message from ops.dead_letters").fetchall()
    assert ends == [("rejected",)]
    assert {str(stage) for stage, _ in letters} == {"validate", "apply"}
    return [str(message) for _, message in letters]


def read_into_a_full_stop(running: Running, shop: Server) -> None:
    """An ingest in which PostgreSQL refuses the row of a customer."""
    with psycopg.connect(running.warehouse.url) as connection:
        connection.execute(
            "alter table validated.shopify__customers add constraint no_birds "
            f"check (first_name not ilike '{WORD}%') not valid"
        )
    shop.control(
        "edit", {"resource": "customers", "id": customer_of(running.warehouse), "set": {"note": "called"}}
    )
    assert running.finish("ingest_shopify", running.api.trigger("ingest_shopify")).state == "failed"


@pytest.mark.timeout(900)  # it starts an Airflow of its own and follows three runs
def test_a_night_full_of_refusals_leaves_no_personal_value_in_a_log(running: Running, shop: Server) -> None:
    night = start_night(running.api, "ingest_shopify")
    assert running.finish("ingest_shopify", night).state == "success"
    messages = write_and_be_refused(running, shop)
    assert any("is refused" in message for message in messages)
    assert not [message for message in messages if WORD in message.lower()]
    read_into_a_full_stop(running, shop)
    assert places_with_word(running.installation.home) == []
    found = rows_with_word(running.airflow.settings.database_url)
    assert found == ["public.hitl_detail"], "only the form shows the plan to a person"


def customer_of(warehouse: Database) -> str:
    with warehouse.transaction() as connection:
        ((key,),) = connection.execute("select min(_key) from validated.shopify__customers").fetchall()
    return str(key)
