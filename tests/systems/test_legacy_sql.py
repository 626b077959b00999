"""An old database is spared connections, locks, long statements, reads by day and a second wrong password."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from concord.contract import Change, End, Field, Resource, Snapshot, Window
from concord.errors import AuthenticationError, ConfigurationError, RateLimitError, ServerError
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.sql.link import DatabaseLogin
from concord.protocols.sql.tables import SqlTable
from concord.stages.extract.read_window import extract_window
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.testing.bench import RETRY_LIMITS, Bench, by_key, keys_of, read_all
from concord.testing.suite.test_reading import WHOLE
from tests.systems.benches.legacy_sql import LegacyDesk

FindBench = Callable[[str], Bench]
GOOD = {"phone_digits": "493012345678", "email": "another@example.org"}
OURS = "from pg_stat_activity where usename = 'oldshop_guest'"


@pytest.fixture
def shop(bench: FindBench) -> Bench:
    return bench("legacy_sql")


@pytest.fixture
def desk(shop: Bench) -> LegacyDesk:
    assert isinstance(shop.desk, LegacyDesk)
    return shop.desk


@pytest.fixture
def customers(shop: Bench) -> Resource:
    return shop.system.resource("customers")


def by_seventeen(resource: Resource) -> Resource:
    return replace(resource, read=replace(resource.read, size=17))  # type: ignore[type-var]  # it is a SqlTable


def session_with(shop: Bench, **extra: str) -> HttpSession:
    connection = replace(shop.connection, extra={**shop.connection.extra, **extra})
    return HttpSession(connection, DatabaseLogin(), SessionSettings(retry_limits=RETRY_LIMITS))


def updates(shop: Bench, count: int, values: dict[str, object] | None = None) -> list[Change]:
    resource = shop.system.resource("customers")
    records = by_key(resource, read_all(shop.session(), resource))
    chosen = [(key, record) for key, record in records.items() if not record["delcd"]][:count]
    after = GOOD if values is None else values
    return [
        Change(f"change-{key}", key, "update", {}, after, {"version": int(record["verno"])})
        for key, record in chosen
    ]


def write(shop: Bench, changes: list[Change], resource: str = "customers") -> list[End]:
    declared = shop.system.resource(resource)
    assert declared.writes is not None
    outcomes = declared.writes.writer.write(shop.session(), declared, changes)
    assert [item.change_id for item in outcomes] == [item.change_id for item in changes]
    return [item.end for item in outcomes]


@contextmanager
def owner(desk: LegacyDesk) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(desk.legacy.owner_url) as connection:
        yield connection
        connection.rollback()


def test_nothing_is_held_between_two_pages(shop: Bench, desk: LegacyDesk, customers: Resource) -> None:
    pages = by_seventeen(customers).read.read_window(shop.session(), customers, WHOLE)
    seen = list(next(pages))
    assert desk.ask(f"select count(*), min(state) {OURS}") == (1, "idle")
    assert desk.ask(f"select count(*) from pg_locks where pid in (select pid {OURS})")[0] == 0
    seen += [raw for page in pages for raw in page]
    assert len(seen) == len(read_all(shop.session(), customers, WHOLE)) > 100
    assert desk.ask(f"select count(*) {OURS}")[0] <= 1


def test_writers_are_never_kept_waiting_and_what_they_moved_comes_later(
    shop: Bench, desk: LegacyDesk, customers: Resource
) -> None:
    whole = keys_of(customers, read_all(shop.session(), customers, WHOLE))
    pages = by_seventeen(customers).read.read_window(shop.session(), customers, WHOLE)
    seen = list(next(pages))
    with psycopg.connect(desk.legacy.owner_url, options="-c lock_timeout=200") as program:
        program.execute("update custmast set upddt = 1981231, verno = verno + 1 where cusno = %s", (whole[-1],))
        program.execute("alter table custmast add column passing char(1)")
        program.rollback()
        program.execute("update custmast set upddt = 1981231, verno = verno + 1 where cusno = %s", (whole[-1],))
    seen += [raw for page in pages for raw in page]
    later = Window(WHOLE.end, datetime(2099, 1, 1, tzinfo=UTC))
    assert len(seen) == len(whole) - 1
    assert keys_of(customers, read_all(shop.session(), customers, later)) == [whole[-1]]


def test_a_connection_that_breaks_between_pages_is_made_anew(
    shop: Bench, desk: LegacyDesk, customers: Resource
) -> None:
    session = shop.session()
    pages = by_seventeen(customers).read.read_window(session, customers, WHOLE)
    seen = [bytes(raw) for raw in next(pages)]
    desk.ask(f"select pg_terminate_backend(pid) {OURS}")
    seen += [bytes(raw) for page in pages for raw in page]
    assert len(seen) == len(set(seen)) == len(read_all(shop.session(), customers, WHOLE))
    assert session.statistics.waited_seconds > 0


def test_a_wrong_password_is_tried_once(shop: Bench, desk: LegacyDesk, customers: Resource) -> None:
    dialled = desk.relay.dialled
    with pytest.raises(AuthenticationError, match="lock an account"):
        read_all(shop.session(password="wrong"), customers)
    assert desk.relay.dialled == dialled + 1


def test_a_full_house_is_waited_for(shop: Bench, desk: LegacyDesk, customers: Resource) -> None:
    address = {"user": desk.legacy.login, "password": desk.legacy.password}
    with ExitStack() as guests:
        for _ in range(2):
            guests.enter_context(psycopg.connect(desk.legacy.url, **address))
        with pytest.raises(ServerError, match="too many connections"):
            read_all(shop.session(), customers)
    assert len(read_all(shop.session(), customers)) > 100


def test_a_statement_that_takes_too_long_is_ended(shop: Bench, desk: LegacyDesk, customers: Resource) -> None:
    desk.ask("create view slow as select cusno, pg_sleep(5)::text as slept from custmast")
    desk.ask("grant select on slow to public")
    fields = (customers.field("source_id"), Field("slept", "slept"))
    slow = Resource(name="slow", read=SqlTable("slow"), key="source_id", fields=fields, changes=Snapshot())
    with pytest.raises(ServerError, match="statement timeout"):
        read_all(session_with(shop, statement_seconds="0.05"), slow)


def test_by_day_nobody_knocks(shop: Bench, desk: LegacyDesk, customers: Resource) -> None:
    now, dialled = datetime.now(UTC), desk.relay.dialled
    opens = now + timedelta(hours=2)
    hours = {"time_zone": "UTC", "batch_window": f"{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M}"}
    with pytest.raises(RateLimitError, match="runs again by itself") as caught:
        read_all(session_with(shop, **hours), customers)
    assert 6600 < float(caught.value.retry_after or 0) <= 7200
    assert desk.relay.dialled == dialled
    open_now = {"time_zone": "UTC", "batch_window": f"{now - timedelta(hours=1):%H:%M}-{opens:%H:%M}"}
    assert len(read_all(session_with(shop, **open_now), customers)) > 100


def test_a_row_that_somebody_holds_is_left_for_later_alone(shop: Bench, desk: LegacyDesk) -> None:
    changes = updates(shop, 3)
    with owner(desk) as program:
        program.execute("select from custmast where cusno = %s for update", (changes[0].key,))
        assert write(shop, changes) == [End.HELD, End.CONFIRMED, End.CONFIRMED]
    assert write(shop, changes[:1]) == [End.CONFIRMED]


def test_a_table_that_somebody_holds_is_given_up_soon(shop: Bench, desk: LegacyDesk) -> None:
    changes = updates(shop, 6)
    with owner(desk) as program:
        program.execute("lock table custmast in exclusive mode")
        assert write(shop, changes) == [End.HELD] * 6
    assert write(shop, changes) == [End.CONFIRMED] * 6


def test_after_a_lost_answer_the_others_are_still_written(shop: Bench, desk: LegacyDesk) -> None:
    changes = updates(shop, 3)
    desk.fault("cut_after", on="write")
    assert write(shop, changes) == [End.UNKNOWN, End.CONFIRMED, End.CONFIRMED]


def test_an_update_says_who_and_when_and_counts_the_version(shop: Bench, desk: LegacyDesk) -> None:
    (change,) = updates(shop, 1, {"phone_digits": None, "city": "BERN"})
    assert write(shop, [change]) == [End.CONFIRMED]
    told = desk.ask(
        "select updusr, verno, cutel, rtrim(cucity), upddt from custmast where cusno = %s", str(change.key)
    )
    today = datetime.now(UTC)
    assert told[:4] == ("CONCORD   ", int(str(change.guard["version"])) + 1, 0, "BERN")
    assert abs(int(told[4]) - (today.year - 1900) * 10_000 - today.month * 100 - today.day) <= 8870
    assert write(shop, [change]) == [End.CONFLICTED]


def test_a_value_that_is_no_number_is_refused_before_it_is_sent(shop: Bench, desk: LegacyDesk) -> None:
    changes = updates(shop, 2)
    changes[0] = replace(changes[0], after={"phone_digits": "call me"})
    assert write(shop, changes) == [End.REJECTED, End.CONFIRMED]


def test_a_right_that_is_missing_stops_everything(shop: Bench, desk: LegacyDesk) -> None:
    changes = updates(shop, 2)
    desk.ask("revoke update on custmast from oldshop_guest")
    try:
        with pytest.raises(ConfigurationError, match="permission denied"):
            write(shop, changes)
    finally:
        desk.ask("grant update on custmast to oldshop_guest")


def test_a_row_without_a_stamp_is_read_from_the_beginning_only(
    shop: Bench, desk: LegacyDesk, customers: Resource
) -> None:
    key = keys_of(customers, read_all(shop.session(), customers))[0]
    desk.ask("update custmast set upddt = 0, updtm = 0, verno = verno + 1 where cusno = %s", key)
    try:
        first = Window(datetime(2000, 1, 1, tzinfo=UTC), WHOLE.end)
        found = by_key(customers, read_all(shop.session(), customers, first))
        assert found[key]["_concord"] == {"changed": None}
        assert key not in keys_of(customers, read_all(shop.session(), customers, WHOLE))
    finally:
        desk.touch(customers, key)


def test_a_message_sent_twice_is_in_the_inbox_once(shop: Bench, desk: LegacyDesk) -> None:
    told = {"message_entity": "CUSTOMER", "entity_key": "0000104711", "message_text": "{}"}
    change = Change("0f3a77", None, "create", {}, told, {})
    assert write(shop, [change, change], "inbox") == [End.CONFIRMED] * 2
    assert desk.ask("select count(*), min(sts), min(crtusr) from inbox where msg_id = '0f3a77'") == (
        1,
        "N",
        "CONCORD",
    )
    assert desk.ask("select crtts = chgts from inbox where msg_id = '0f3a77'") == (True,)


def test_keys_alone_can_be_listed(shop: Bench, desk: LegacyDesk, customers: Resource) -> None:
    assert isinstance(customers.read, SqlTable)
    listed = by_seventeen(customers).read.read_keys(shop.session(), customers)
    assert len({key for keys in listed for key in keys}) == desk.count(customers)


def test_a_text_that_is_no_utf_8_is_set_aside_alone(shop: Bench, desk: LegacyDesk, database: str) -> None:
    """A database that does not know its character set gives the bytes as they are."""
    fields = (Field("id", "source_id", required=True), Field("city", "city"))
    cities = Resource(name="cities", read=SqlTable("cities"), key="source_id", fields=fields, changes=Snapshot())
    system = replace(shop.system, resources=(cities,))
    with psycopg.connect(desk.legacy.owner_url, autocommit=True) as connection:
        connection.execute(
            "create database odd encoding 'SQL_ASCII' template template0 locale_provider libc locale 'C'"
        )
    address = urlsplit(desk.legacy.owner_url)._replace(path="/odd")
    with psycopg.connect(address.geturl()) as connection:
        connection.execute("create table cities (id integer, city varchar(30))")
        connection.execute("insert into cities select at, 'Ulm' from generate_series(1, 40) as at")
        connection.execute(r"update cities set city = E'M\374nchen' where id = 7")
    odd = replace(shop.connection, url=address.geturl(), login=address.username, password=address.password or "")
    session = HttpSession(odd, DatabaseLogin(), SessionSettings(retry_limits=RETRY_LIMITS))
    store = Database(database)
    create_tables(store, system, cities)
    extract_window(store, session, system=system, resource=cities, window=WHOLE)
    with psycopg.connect(database) as connection:
        query = "select _fault is null, count(*), min(_payload) from landing.legacy_sql__cities group by 1"
        (aside, count, payload), others = sorted(connection.execute(query).fetchall())
    assert (aside, count, others[:2]) == (False, 1, (True, 39))
    assert "nchen" in payload
