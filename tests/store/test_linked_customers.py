"""Which customer records are worked on because they share a value with one that is."""

import psycopg
import pytest

from concord import registry
from concord.stages.reconcile.linked_customers import add_customers
from concord.store.engine import LOADER, Database

# What models tell of the records: the CRM's has another address than its newer version, which was set aside.
TOLD = """
create table intermediate.int_customers__links (
    system text, record_key text, email text, phone text, account_key text, group_key text, place_key text,
    external_id text, wholesale_key text
);
insert into intermediate.int_customers__links (system, record_key, email)
values ('shopify', 'S1', 'ada@example.com'), ('salesforce', 'C1', 'old@example.com');
create view intermediate.int_customers__linkable as
select * from intermediate.int_customers__links where system = 'shopify';
grant select on all tables in schema intermediate to public;
"""
LETTER = """
insert into ops.dead_letters (
    dead_letter_id, stage, system, resource, record_key, error_class, message, fields, state
) values ('d', 'validate', 'salesforce', 'contacts', 'C1', 'E', '', %s, %s)
"""


@pytest.mark.parametrize(
    ("fields", "state", "is_found"),
    [
        pytest.param('{"email": " Ada@Example.com"}', "open", True, id="its newer version has the address"),
        pytest.param('{"email": "eve@example.com"}', "open", False, id="another address"),
        pytest.param('{"email": "ada@example.com"}', "resolved", False, id="it was freed"),
    ],
)
def test_a_record_whose_newer_version_was_set_aside_is_worked_on_with_its_customer(
    database: str, monkeypatch: pytest.MonkeyPatch, fields: str, state: str, is_found: bool
) -> None:
    monkeypatch.setenv("CONCORD_SYSTEMS", "salesforce,shopify")
    with psycopg.connect(database) as connection:
        connection.execute(TOLD)
        connection.execute(LETTER, (fields, state))
    with Database(database).transaction(LOADER) as connection:
        connection.execute("insert into touched.records values ('shopify', 'customers', 'S1', 0)")
        add_customers(connection, registry.systems(), number=1)
        found = connection.execute("select system, record_key from touched.records where round = 1").fetchall()
    assert found == ([("salesforce", "C1")] if is_found else [])
