"""Types that only some databases have land in the form of their declared kind; no row is set aside for them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import psycopg
import pytest

from concord.contract import (
    ChangedBetween,
    Field,
    Kind,
    RateLimit,
    Resource,
    Snapshot,
    System,
    Window,
)
from concord.errors import ServerError
from concord.protocols.sql.link import DatabaseLogin
from concord.protocols.sql.stamps import Moment
from concord.protocols.sql.tables import SqlTable
from concord.protocols.sql.values import as_json, as_kind
from concord.stages.extract.read_window import extract_window
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.testing.bench import by_key, read_all
from sandbox.world import generate
from tests.systems.mariadb_server import MariaDb, mariadb_server
from tests.systems.packages import NoServerError
from tests.systems.test_mariadb import session_to

ROWS = (Path(__file__).parent / "data" / "16_mysql_types.sql").read_text(encoding="utf-8")
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
FIELDS = (
    Field("id", "source_id", required=True),
    Field("d", "day", Kind.DATE),
    Field("yes", "is_on", Kind.BOOLEAN),
    Field("bits", "is_set", Kind.BOOLEAN),
    Field("big", "big", Kind.DECIMAL),
    Field("tm", "span"),
    Field("yr", "year", Kind.INTEGER),
    Field("at", "seen_at", Kind.TIMESTAMP),
    Field("flags", "flags", Kind.INTEGER),
    Field("doc", "document", Kind.JSON),
)
ODD = Resource(name="odd", read=SqlTable("odd"), key="source_id", fields=FIELDS, changes=Snapshot())
SYSTEM = System(
    name="odd_shop",
    title="Odd shop",
    connection="odd_default",
    auth=DatabaseLogin(),
    rate_limit=RateLimit(per_second=100, burst=100, concurrency=1),
    resources=(ODD,),
    owns="nothing",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    world = generate(7, as_of=datetime(2026, 11, 1, tzinfo=UTC), customers=20, products=5, orders=5)
    with ExitStack() as stack:
        try:
            found = stack.enter_context(mariadb_server(tmp_path_factory.mktemp("mariadb") / "server", world))
        except NoServerError as reason:
            pytest.skip(str(reason))
        found.ask("set global sql_mode = ''")
        for statement in filter(str.strip, ROWS.split(";")):
            found.ask(statement)
        found.ask("alter table odd add column at datetime, add column flags bit(12), add column doc json")
        found.ask(
            """update odd set at = '0000-00-00 00:00:00', flags = b'101', doc = '{"a": [1.10]}' where id = 'a1'"""
        )
        found.ask("update odd set at = '2026-07-01 12:00:00', flags = b'0' where id = 'b1'")
        yield found


@pytest.fixture
def landed(shop: MariaDb, database: str) -> dict[str, dict[str, Any]]:
    """The rows as they are typed, by key."""
    store = Database(database)
    create_tables(store, SYSTEM, ODD)
    window = Window(BEGINNING, datetime(2026, 11, 29, tzinfo=UTC))
    extract_window(store, session_to(shop), system=SYSTEM, resource=ODD, window=window)
    with psycopg.connect(database, row_factory=psycopg.rows.dict_row) as connection:
        rows = connection.execute("select * from landing.odd_shop__odd__typed").fetchall()
    return {row["source_id"]: row for row in rows}


def test_no_row_is_set_aside_for_a_type_that_the_database_has(landed: dict[str, dict[str, Any]]) -> None:
    assert {key: row["_faults"] for key, row in landed.items()} == {"a1": [], "b1": []}


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("day", None, datetime(2026, 11, 2, tzinfo=UTC).date()),
        ("is_on", True, False),
        ("is_set", True, False),
        ("big", Decimal(18446744073709551615), Decimal(1)),
        ("span", "838:59:59", "-01:00:00"),
        ("year", 2026, 0),
        ("seen_at", None, datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("flags", 5, 0),
        ("document", {"a": [1.1]}, None),
    ],
)
def test_each_type_lands_in_the_form_of_its_kind(
    landed: dict[str, dict[str, Any]], name: str, first: object, second: object
) -> None:
    assert (landed["a1"][name], landed["b1"][name]) == (first, second)


def test_declared_as_text_they_are_what_the_database_shows(shop: MariaDb) -> None:
    fields = tuple(replace(item, kind=Kind.TEXT) for item in FIELDS)
    records = by_key(ODD, read_all(session_to(shop), replace(ODD, fields=fields)))
    shown = {name: str(records["a1"][name]) for name in ("d", "yes", "bits", "big", "tm", "flags")}
    assert shown == {
        "d": "0000-00-00",
        "yes": "1",
        "bits": "1",
        "big": "18446744073709551615",
        "tm": "838:59:59",
        "flags": "5",
    }


def test_a_table_whose_stamps_are_zeros_or_null_is_read_to_its_end(shop: MariaDb) -> None:
    shop.ask("create or replace table zeros (id int primary key, at datetime)")
    shop.ask("insert into zeros select seq, if(mod(seq, 3), '0000-00-00 00:00:00', null) from seq_1_to_30")
    shop.ask("insert into zeros select seq, '2026-11-02 09:00:00' from seq_31_to_60")
    fields = (Field("id", "source_id", required=True), Field("_concord.changed", "changed_at", Kind.TIMESTAMP))
    zeros = Resource(
        name="zeros",
        read=SqlTable("zeros", Moment("at"), size=7),
        key="source_id",
        fields=fields,
        changes=ChangedBetween("changed_at", overlap=timedelta(0)),
    )
    whole = read_all(session_to(shop), zeros, Window(BEGINNING, datetime(2026, 12, 1, tzinfo=UTC)))
    assert sorted(int(record["id"]) for record in whole) == list(range(1, 61))


def test_pages_that_do_not_move_on_stop_the_reading(shop: MariaDb) -> None:
    """A FLOAT is compared with more digits than the database gives, so the last row is behind itself."""
    shop.ask("create or replace table floats (id float primary key)")
    shop.ask("insert into floats values (0.1), (0.2)")
    fields = (Field("id", "source_id", required=True),)
    floats = Resource(
        name="floats", read=SqlTable("floats", size=1), key="source_id", fields=fields, changes=Snapshot()
    )
    with pytest.raises(ServerError, match="repeat themselves"):
        read_all(session_to(shop), floats)


def test_one_row_with_a_value_that_json_does_not_have_lands_like_the_others() -> None:
    assert str(10**30).encode() in bytes(as_json({"n": 10**30, "d": {"a": 10**30}}))
    assert bytes(as_json({"list": [IPv4Address("10.0.0.1")]})) == b'{"list": ["10.0.0.1"]}'
    assert b"\\ud83d" in bytes(as_json({"text": "B \ud83d"}))
    document = as_kind(Kind.JSON, '{"a":1.10}', UTC)
    assert bytes(as_json({"doc": document})) == b'{"doc":{"a":1.10}}'
    assert as_kind(Kind.JSON, "{oops", UTC) == "{oops"
