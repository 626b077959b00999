"""Which records are linked with one that was touched: by keys, and by the name of an order in any notation."""

from collections.abc import Iterable

import psycopg
import pytest
from psycopg import sql

from concord import registry
from concord.stages.reconcile.closure import _LINKED, Closure
from concord.stages.reconcile.links import analyze_links, index_links, list_links
from concord.store.engine import LOADER, Database
from concord.store.tables import create_tables
from tests.dbt.world_rows import insert_rows

STAMP = "2026-11-20T08:00:00Z"
MANY = """
insert into validated.hubspot__deals (_key, source_id, shop_order_name, _batch_id, _payload_hash)
select 'm' || number, 'm' || number, '#' || 5000 + number, _batch_id, 'h'
from validated.hubspot__deals cross join generate_series(1, 20000) as number;
analyze validated.hubspot__deals;
"""
NAMED = """
insert into touched.texts (kind, value)
select 'order name', (5000 + number)::text from generate_series(1, 500) as number;
analyze touched.texts;
"""
Record = tuple[str, str, str]
ROWS = {
    "hubspot__contacts": [
        {"merged_source_ids": "21; 22"},
        {"company_source_id": "c1"},
        {"company_source_id": "c1"},
        {"company_source_id": "c2"},
    ],
    "hubspot__companies": [{}, {}],
    "hubspot__deals": [{"shop_order_name": "#1001", "company_source_id": "c9"}],
    "netsuite__sales_orders": [{"external_id": "WEB-1001"}, {"external_id": "WEB-1002"}],
}
KEYS = {
    "hubspot__contacts": ["1", "21", "22", "3"],
    "hubspot__companies": ["c1", "c2"],
    "hubspot__deals": ["d1"],
    "netsuite__sales_orders": ["s1", "s2"],
}


@pytest.fixture
def warehouse(database: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("CONCORD_SYSTEMS", "hubspot,netsuite")
    for system in registry.systems():
        for resource in system.resources:
            create_tables(Database(database), system, resource)
    with psycopg.connect(database) as connection:
        for table, rows in ROWS.items():
            for key, row in zip(KEYS[table], rows, strict=True):
                insert_rows(connection, table, [{"_key": key, "source_id": key, "updated_at": STAMP, **row}])
    return Database(database)


def linked_with(warehouse: Database, *touched: Record) -> set[Record]:
    with warehouse.transaction(LOADER) as connection:
        connection.execute("truncate touched.records, touched.texts")
        for record in touched:
            connection.execute("insert into touched.records values (%s, %s, %s, 0)", record)
        Closure(connection, list_links(registry.systems()), 0).close()
        found: Iterable[tuple[object, ...]] = connection.execute(
            "select system, resource, record_key from touched.records"
        ).fetchall()
    return {(str(system), str(resource), str(key)) for system, resource, key in found} - {*touched}


def test_all_keys_of_a_list_are_followed_and_what_names_the_same_company_comes_with_them(
    warehouse: Database,
) -> None:
    assert linked_with(warehouse, ("hubspot", "contacts", "1")) == {
        ("hubspot", "contacts", "21"),
        ("hubspot", "contacts", "22"),
        ("hubspot", "companies", "c1"),
    }


def test_an_order_is_found_under_the_name_that_an_import_gave_it(warehouse: Database) -> None:
    assert linked_with(warehouse, ("netsuite", "sales_orders", "s1")) == {
        ("hubspot", "deals", "d1"),
        ("hubspot", "companies", "c9"),
    }


def test_what_names_nothing_in_common_is_left_alone(warehouse: Database) -> None:
    assert linked_with(warehouse, ("netsuite", "sales_orders", "s2")) == set()
    assert linked_with(warehouse, ("hubspot", "contacts", "3")) == {("hubspot", "companies", "c2")}


def test_linked_records_are_found_by_index_however_many_there_are(warehouse: Database) -> None:
    """Without statistics of the index PostgreSQL takes a name for that of many records, and reads them all."""
    [link] = [item for item in list_links(registry.systems()) if item.name == "shop_order_name"]
    with warehouse.transaction(LOADER) as connection:
        connection.execute(MANY)
        index_links(connection, registry.systems())
        analyze_links(connection, registry.systems())
        connection.execute(NAMED)
        statement = sql.SQL("explain " + _LINKED).format(**link.parts(), round=sql.Literal(1))
        plan = " ".join(str(line) for (line,) in connection.execute(statement))
    assert "hubspot__deals__shop_order_name" in plan
    assert "Seq Scan on hubspot__deals" not in plan
