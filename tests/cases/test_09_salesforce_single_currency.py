"""Case 09: an account of another edition is read and written by the fields that it has."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest
from psycopg import sql

from concord.contract import Change, End, Resource
from concord.installed import PRODUCT
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import validate_batch
from concord.stages.write_back.plan import plan_changes
from concord.store.engine import Database
from concord.store.ledger.account_fields import find_account
from concord.store.tables import create_tables, validated_table
from concord.testing.bench import Bench
from concord.testing.benches import facts_of
from concord.testing.open_benches import AS_OF
from concord.testing.sandbox_desk import SandboxDesk
from concord.testing.suite.test_reading import WHOLE
from sandbox.world import generate

DESIRED = """
create table marts.desired_salesforce__wholesale_orders as
select 'one' as _entity_id, null::text as _key, null::text as _reason, '4711' as order_number,
    'EUR' as currency_code, 19.80 as wholesale_amount
"""


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[Bench]:
    """A CRM of one currency."""
    world = generate(7, as_of=AS_OF - timedelta(days=1), customers=30, products=10, orders=40)
    with facts_of("salesforce").open(world, tmp_path) as bench:
        orders = bench.system.resource("orders")
        bench.desk.lack(orders, orders.field("currency_code"))
        yield bench


def read(database: str, bench: Bench, resource: Resource, extra: dict[str, object]) -> list[tuple[object, ...]]:
    """The values of the currency that a night leaves, with how many records have each."""
    store = Database(database)
    bench.connection.extra.update(extra)  # type: ignore[attr-defined]  # the bench's own
    create_tables(store, bench.system, resource)
    batch = extract_window(store, bench.session(), system=bench.system, resource=resource, window=WHOLE)
    suites = PRODUCT / "expectations"
    validate_batch(store, system=bench.system, resource=resource, batch_id=batch, suites=suites)
    query = sql.SQL("select currency_code, count(*) from {} group by 1 order by 1")
    with psycopg.connect(database) as connection:
        return connection.execute(query.format(validated_table(bench.system, resource))).fetchall()


@pytest.mark.parametrize("name", ["orders", "wholesale_orders"])
def test_orders_without_a_currency_are_read(
    crm: Bench, database: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    resource = crm.system.resource(name)
    ((currency, count),) = read(database, crm, resource, {})
    assert (currency, count) == (None, crm.desk.count(resource))
    assert f"has no CurrencyIsoCode for {name}" in caplog.text
    assert 'Put "currency" into the extra fields' in caplog.text


def test_the_currency_of_the_account_stands_in_for_the_field(crm: Bench, database: str) -> None:
    resource = crm.system.resource("orders")
    assert read(database, crm, resource, {"currency": "EUR"}) == [("EUR", crm.desk.count(resource))]


def test_what_the_account_lacks_is_not_written(crm: Bench, database: str) -> None:
    resource, store = crm.system.resource("wholesale_orders"), Database(database)
    read(database, crm, resource, {"currency": "EUR"})
    with psycopg.connect(database) as connection:
        connection.execute(DESIRED)
        connection.execute("grant select on all tables in schema marts to concord_planner")
    assert plan_changes(store, system=crm.system, run_id="a night").planned == 1
    with psycopg.connect(database) as connection:
        (after,) = connection.execute("select after from ops.changes").fetchone() or ({},)
    assert after == {"order_number": "4711", "wholesale_amount": 19.80}


def test_a_country_goes_by_its_code_where_countries_are_picked_from_a_list(crm: Bench, database: str) -> None:
    assert isinstance(crm.desk, SandboxDesk)
    crm.desk.server.control("limits", {"country_picklists": True})
    declared, store = crm.system.resource("accounts"), Database(database)
    create_tables(store, crm.system, declared)
    extract_window(store, crm.session(), system=crm.system, resource=declared, window=WHOLE)
    with store.transaction() as connection:
        landed = connection.execute("select country_name, source_id from landing.salesforce__accounts").fetchall()
        resource = find_account(connection, crm.system, declared).resource
    assert {len(str(country)) for country, _ in landed if country} == {2}
    (key,) = (key for country, key in landed[:1])
    assert outcome_of(crm, resource, str(key), "CH") is End.CONFIRMED
    assert outcome_of(crm, declared, str(key), "CH") is End.REJECTED  # as a name, which is in no list


def outcome_of(crm: Bench, resource: Resource, key: str, country: str) -> End:
    session = crm.session()
    (raw,) = (raw for page in resource.read.read_matching(session, resource, "source_id", [key]) for raw in page)
    guard = {"updated_at": msgspec.json.decode(raw)["SystemModstamp"]}
    change = Change(
        f"c-{resource.field('country_name').path}", key, "update", {}, {"country_name": country}, guard
    )
    assert resource.writes is not None
    (outcome,) = resource.writes.writer.write(session, resource, [change])
    return outcome.end
