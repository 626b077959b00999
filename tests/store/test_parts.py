"""A payout is worked on when one of its transactions changed, with all of them in sight and no other order."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from concord import registry
from concord.stages.reconcile.closure import Closure, take_links_before
from concord.stages.reconcile.links import list_links
from concord.stages.reconcile.parts import copy_parts, take_wholes
from concord.store.engine import LOADER, Connection, Database, fetch_texts
from concord.store.ledger.touched import copy_touched, narrow
from concord.store.tables import create_tables
from tests.dbt.world_rows import insert_rows

STAMP = "2026-11-20T08:00:00Z"
ROWS = {
    "stripe__payouts": {"p1": {}, "p2": {}},
    "stripe__balance_transactions": {
        "t1": {"payout_source_id": "p1"},
        "t2": {"payout_source_id": "p1"},
        "t3": {"payout_source_id": "p1"},
        "t4": {"payout_source_id": "p2"},
    },
    "stripe__charges": {
        "c1": {"balance_transaction_source_id": "t1", "order_name": "#1001"},
        "c2": {"balance_transaction_source_id": "t2", "order_name": "#1002"},
    },
    "stripe__refunds": {"r1": {"shop_refund_source_id": "gid://shopify/Refund/7"}, "r2": {}},
}
ORDERS = {
    "o1": ("#1001", []),
    "o2": ("#1002", [{"id": "gid://shopify/Refund/6"}, {"id": "gid://shopify/Refund/7"}]),
}
PARTNERS = {"100": "0000000100", "200": "200"}


@pytest.fixture
def connection(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("CONCORD_SYSTEMS", "stripe,shopify,sap")
    for system in registry.systems():
        for resource in system.resources:
            create_tables(Database(database), system, resource)
    with psycopg.connect(database) as given:
        for table, rows in ROWS.items():
            for key, row in rows.items():
                insert_rows(given, table, [{"_key": key, "source_id": key, "changed_at": STAMP, **row}])
        for key, (name, refunds) in ORDERS.items():
            row = {"_key": key, "source_id": key, "order_name": name, "refunds": Jsonb(refunds)}
            insert_rows(given, "shopify__orders", [row])
        for key, quoted in PARTNERS.items():
            insert_rows(given, "sap__business_partners", [{"_key": key, "source_id": key}])
            row = {"_key": f"a{key}", "source_id": f"a{key}", "partner_source_id": quoted}
            insert_rows(given, "sap__addresses", [row])
    with Database(database).transaction(LOADER) as opened:
        opened.execute("delete from ops.touched")
        yield opened


def work_on(connection: Connection, system: str, resource: str, key: str) -> set[str]:
    """Let one record be touched; returns what is worked on with it, and lets the models see that."""
    systems = registry.systems()
    connection.execute("insert into touched.records values (%s, %s, %s, 0)", (system, resource, key))
    take_wholes(connection, systems, since="0")
    take_links_before(connection, list_links(systems), since="0")
    narrow(connection, systems, ())
    Closure(connection, list_links(systems), 0).close()
    copy_touched(connection, systems, (), copied=-1)
    copy_parts(connection, systems)
    query = "select resource || '/' || record_key from touched.records"
    return {*fetch_texts(connection, query)} - {f"{resource}/{key}"}


def seen(connection: Connection, table: str) -> list[str]:
    return fetch_texts(connection, f"select _key from scope.{table} order by 1")  # type: ignore[arg-type]  # a name of this file


def test_a_transaction_touches_its_payout_and_its_own_order_and_no_other(connection: Connection) -> None:
    found = work_on(connection, "stripe", "balance_transactions", "t1")
    assert found == {"payouts/p1", "charges/c1", "orders/o1"}
    assert seen(connection, "stripe__balance_transactions") == ["t1", "t2", "t3"]
    assert seen(connection, "stripe__charges") == ["c1"]


def test_a_payout_that_changed_has_all_its_transactions_in_sight_and_no_order(connection: Connection) -> None:
    assert work_on(connection, "stripe", "payouts", "p1") == set()
    assert seen(connection, "stripe__balance_transactions") == ["t1", "t2", "t3"]
    assert seen(connection, "stripe__charges") == []


def test_an_order_that_changed_leaves_the_payout_of_its_charge_alone(connection: Connection) -> None:
    assert work_on(connection, "shopify", "orders", "o1") == {"charges/c1", "balance_transactions/t1"}
    assert seen(connection, "stripe__balance_transactions") == ["t1"]


@pytest.mark.parametrize(
    "change",
    [
        "update validated.{} set payout_source_id = 'p2' where _key = 't3'",
        "delete from validated.{} where _key = 't3'",
    ],
)
def test_a_transaction_that_left_its_payout_touches_it_too(connection: Connection, change: LiteralString) -> None:
    connection.execute(sql.SQL(change).format(sql.Identifier("stripe__balance_transactions")))
    found = work_on(connection, "stripe", "balance_transactions", "t3")
    assert found >= {"payouts/p1"}
    kept = ["t1", "t2", *(["t3", "t4"] if "payouts/p2" in found else [])]
    assert seen(connection, "stripe__balance_transactions") == kept


def test_a_refund_is_linked_with_the_order_in_whose_list_the_shop_has_it(connection: Connection) -> None:
    assert work_on(connection, "stripe", "refunds", "r1") >= {"orders/o2"}


def test_an_order_is_linked_with_the_refunds_that_it_lists(connection: Connection) -> None:
    assert work_on(connection, "shopify", "orders", "o2") >= {"refunds/r1"}


def test_a_refund_is_linked_with_an_order_that_listed_it_before(connection: Connection) -> None:
    connection.execute("update validated.shopify__orders set refunds = '[]' where _key = 'o2'")
    assert work_on(connection, "shopify", "orders", "o2") >= {"refunds/r1"}


@pytest.mark.parametrize("partner", [*PARTNERS])
def test_zeros_before_a_number_make_no_difference(connection: Connection, partner: str) -> None:
    assert work_on(connection, "sap", "business_partners", partner) == {f"addresses/a{partner}"}
