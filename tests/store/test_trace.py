"""The history of one record, step by step."""

import pytest
from psycopg import sql

from concord import registry
from concord.contract import Resource, System
from concord.errors import ConfigurationError
from concord.reporting.trace import resolve_key, trace
from concord.store.engine import LOADER, Database
from concord.store.ledger.dead_letters import find_dead_letter
from concord.store.migrate import migrate
from concord.store.tables import create_tables, validated_table
from tests.store.round_trip import RoundTrip


def test_every_hop_of_a_record_is_listed_in_order(trip: RoundTrip) -> None:
    trip.vendor.put("accounts", "A-1", {"name": "Name 1", "phone": "1"})
    trip.ingest()
    trip.want("accounts", "E-1", "A-1", phone="+491")
    trip.write_back()
    hops = trace(trip.database, system=trip.system, key="A-1")
    assert [(hop.stage, hop.what) for hop in hops] == [
        ("extract", "read with accounts"),
        ("validate", "validated"),
        ("plan", "update of accounts"),
        ("apply", "sent"),
        ("apply", "confirmed"),
        ("verify", "as written"),
        ("extract", "read back with accounts"),
        ("validate", "validated"),
        ("validated", "held in accounts"),
    ]
    assert '"phone": "+491"' in hops[-1].detail


def test_a_refused_record_shows_its_dead_letter(trip: RoundTrip) -> None:
    trip.vendor.put("accounts", "A-1", {"name": "x" * 70})
    trip.ingest()
    hops = trace(trip.database, system=trip.system, key="A-1")
    assert [hop.stage for hop in hops] == ["extract", "dead letter", "validate"]
    assert (hops[1].what, hops[1].detail.endswith("(open, attempts: 1)")) == ("set aside by validate", True)
    trip.vendor.put("accounts", "A-1", {"name": "Mended"})
    trip.ingest(day=2)
    later = [(hop.stage, hop.what) for hop in trace(trip.database, system=trip.system, key="A-1")]
    assert ("dead letter", "settled") in later


def test_identity_is_one_of_the_hops(trip: RoundTrip) -> None:
    with trip.database.transaction() as connection:
        connection.execute(
            "insert into ops.identities values ('customer', 'shopfront', 'A-1', 'CUS-1', 'email', 0.9)"
        )
    (hop,) = trace(trip.database, system=trip.system, key="A-1")
    assert (hop.stage, hop.what, hop.detail) == (
        "identify",
        "customer CUS-1",
        "matched by email with confidence 0.900",
    )


def test_an_unknown_key_has_no_hops(trip: RoundTrip) -> None:
    assert trace(trip.database, system=trip.system, key="nobody") == []


@pytest.mark.parametrize(
    ("name", "resource", "stored", "typed"),
    [
        ("shopify", "customers", "gid://shopify/Customer/10071", "10071"),
        ("shopify", "customers", "gid://shopify/Customer/10071", "gid://shopify/Customer/10071"),
        ("shopify", "customers", "gid://shopify/Customer/10071", "shopify/customers/gid://shopify/Customer/10071"),
        ("shopify", "customers", "gid://shopify/Customer/10071", "'shopify/customers/10071'"),
        (
            "shopify",
            "customers",
            "gid://shopify/Customer/10071",
            "https://admin.shopify.com/store/x/customers/10071",
        ),
        ("salesforce", "contacts", "0038c00002abcDEAAY", "0038c00002abcDE"),
        ("salesforce", "contacts", "0038c00002abcDEAAY", "salesforce/contacts/0038c00002abcDE"),
        (
            "salesforce",
            "contacts",
            "0038c00002abcDEAAY",
            "https://x.force.com/lightning/r/Contact/0038c00002abcDEAAY/view",
        ),
        ("legacy_sql", "customers", "0000104238", "104238"),
        ("tryton", "parties", "12", "00012"),
    ],
)
def test_a_key_is_found_in_every_notation(
    database: str, name: str, resource: str, stored: str, typed: str
) -> None:
    warehouse, system = prepared(database, name)
    keep(warehouse, system, system.resource(resource), stored)
    keep(warehouse, system, system.resource(resource), f"{stored}1")
    assert resolve_key(warehouse, system=system, text=typed) == stored


def test_a_key_that_nobody_knows_or_several_have_is_told(database: str) -> None:
    warehouse, system = prepared(database, "shopify")
    for resource, kind in (("customers", "Customer"), ("orders", "Order")):
        keep(warehouse, system, system.resource(resource), f"gid://shopify/{kind}/7")
    with pytest.raises(ConfigurationError, match="may be gid://shopify/Customer/7 or gid://shopify/Order/7"):
        resolve_key(warehouse, system=system, text="7")
    assert resolve_key(warehouse, system=system, text="orders/7") == "gid://shopify/Order/7"
    with pytest.raises(ConfigurationError, match="Nothing is known of '8' in shopify"):
        resolve_key(warehouse, system=system, text="8")


def prepared(database: str, name: str) -> tuple[Database, System]:
    warehouse, system = Database(database), registry.system(name)
    migrate(warehouse)
    for resource in system.resources:
        create_tables(warehouse, system, resource)
    return warehouse, system


def keep(warehouse: Database, system: System, resource: Resource, key: str) -> None:
    statement = sql.SQL("insert into {} (_key, _batch_id, _payload_hash) values (%s, 'b', 'h')")
    with warehouse.transaction(LOADER) as connection:
        connection.execute(statement.format(validated_table(system, resource)), (key,))


@pytest.mark.parametrize(
    "name", ["abc", "shopify/customers/10071", "shopify/customers/gid://shopify/Customer/10071"]
)
def test_a_dead_letter_is_found_by_its_id_and_by_its_record(database: str, name: str) -> None:
    warehouse, _ = prepared(database, "shopify")
    with warehouse.transaction() as connection:
        connection.execute(
            "insert into ops.dead_letters "
            "(dead_letter_id, stage, system, resource, record_key, error_class, message) values "
            "('abcdef', 'validate', 'shopify', 'customers', 'gid://shopify/Customer/10071', 'E', 'm')"
        )
        assert find_dead_letter(connection, name) == ("abcdef", "shopify", "customers")
        with pytest.raises(ConfigurationError, match="There is no dead letter"):
            find_dead_letter(connection, "shopify/customers/1")
