"""A change is confirmed only if the row holds its values: some databases cut, round or replace silently."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from concord.contract import Change, End, Field, Kind, Outcome, Resource, Snapshot, Writes
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.sql.checks import is_kept
from concord.protocols.sql.link import DatabaseLogin
from concord.protocols.sql.tables import SqlTable
from concord.protocols.sql.writes import GuardedUpdates, InboxInserts
from concord.settings import Connection
from concord.testing.bench import RETRY_LIMITS, by_key, read_all
from sandbox.world import World
from tests.systems.mariadb_server import MariaDb, mariadb_server
from tests.systems.packages import NoServerError
from tests.systems.test_mariadb import session_to

BERLIN = ZoneInfo("Europe/Berlin")
FIELDS = (
    Field("no", "source_id", required=True),
    Field("street", "street"),
    Field("price", "price", Kind.DECIMAL),
    Field("seen", "seen_at", Kind.TIMESTAMP),
    Field("ver", "version", Kind.INTEGER, required=True),
)
NAMES = frozenset({"street", "price", "seen_at"})
OTHER = "keeps another value than was asked"


def naive(day: int, hour: int, microsecond: int = 0) -> datetime:
    """A time of November as a column without a zone holds it."""
    return datetime(2026, 11, day, hour, 0, 0, microsecond)  # noqa: DTZ001  # it has no zone


def shops(table: str) -> Resource:
    read = SqlTable(table)
    writes = Writes(GuardedUpdates(read, version="ver"), NAMES, NAMES, guard="version")
    return Resource(name="shops", read=read, key="source_id", fields=FIELDS, changes=Snapshot(), writes=writes)


@pytest.fixture(scope="module")
def server(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(mariadb_server(tmp_path_factory.mktemp("mariadb") / "server", world))
        except NoServerError as reason:
            pytest.skip(str(reason))
        found.ask("set global sql_mode = ''")
        for table, engine in (("shops", "InnoDB"), ("plain", "MyISAM")):
            found.ask(
                f"create table {table} (no varchar(10) character set latin1 primary key, "
                "street varchar(35) character set latin1, price decimal(7, 2), seen datetime, ver int) "
                f"engine = {engine}"
            )
        yield found


@pytest.fixture(params=["shops", "plain"])
def table(server: MariaDb, request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    server.ask(f"delete from {name}")
    server.ask(f"insert into {name} values ('a1', 'Am Kanal 1', 1.00, '2026-11-02 09:00:00', 1)")
    return name


def write(server: MariaDb, table: str, **after: object) -> Outcome:
    resource = shops(table)
    assert resource.writes is not None
    change = Change("c1", "a1", "update", {}, after, {"version": 1})
    (outcome,) = resource.writes.writer.write(session_to(server), resource, [change])
    return outcome


def street(server: MariaDb, table: str) -> object:
    return server.ask(f"select street, ver from {table} where no = 'a1'")


def test_a_street_that_does_not_fit_is_not_cut(server: MariaDb, table: str) -> None:
    outcome = write(server, table, street="Straße des siebzehnten Juni Nummer 135")
    assert outcome.end is End.REJECTED
    assert "too long" in outcome.message
    assert street(server, table) == ("Am Kanal 1", 1)


def test_a_letter_that_the_column_lacks_is_no_question_mark(server: MariaDb, table: str) -> None:
    assert write(server, table, street="Łódź").end is End.REJECTED
    assert street(server, table) == ("Am Kanal 1", 1)
    assert write(server, table, street="Zürich").end is End.CONFIRMED
    assert street(server, table) == ("Zürich", 2)


@pytest.mark.parametrize("charset", ["latin1", "utf8mb4"])
def test_letters_arrive_whatever_character_set_the_address_names(server: MariaDb, charset: str) -> None:
    server.ask("create or replace table words (no varchar(10) primary key, street text, ver int) charset utf8mb4")
    server.ask("insert into words values ('a1', 'x', 1)")
    resource = shops("words")
    session = session_to(server)
    session.connection = Connection(
        "old", f"{session.connection.url}?charset={charset}", session.connection.login, session.connection.password
    )
    change = Change("c1", "a1", "update", {}, {"street": "Łódź 🚲"}, {"version": 1})
    assert resource.writes is not None
    assert [item.end for item in resource.writes.writer.write(session, resource, [change])] == [End.CONFIRMED]
    assert server.ask("select street from words") == ("Łódź 🚲",)


@pytest.mark.parametrize(
    ("name", "column", "asked"),
    [("price", "price", Decimal("19.999")), ("seen_at", "seen", naive(3, 9, 600_000))],
    ids=["scale", "precision"],
)
def test_what_is_rounded_is_not_confirmed(server: MariaDb, name: str, column: str, asked: object) -> None:
    server.ask("replace into shops values ('a1', 'Am Kanal 1', 1.00, '2026-11-02 09:00:00', 1)")
    outcome = write(server, "shops", **{name: asked})
    assert (outcome.end, OTHER in outcome.message) == (End.REJECTED, True)
    assert column in outcome.message
    assert server.ask("select price, ver from shops") == (Decimal("1.00"), 1)


def test_a_table_without_transactions_that_kept_another_value_is_told(server: MariaDb) -> None:
    server.ask("replace into plain values ('a1', 'Am Kanal 1', 1.00, '2026-11-02 09:00:00', 1)")
    outcome = write(server, "plain", price=Decimal("19.999"))
    assert outcome.end is End.UNKNOWN
    assert server.ask("select price from plain") == (Decimal("20.00"),)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table shops (no text, street text, price text, seen text, ver integer)")
        connection.execute("create table mail (no text primary key, street text, ver integer)")
        connection.execute("insert into shops values ('a1', 'x', '1', null, 1), ('a2', 'x', '1', null, 1)")
        for table in ("shops", "mail"):
            connection.execute(
                f"create trigger {table}_{{0}} after {{0}} on {table} begin update {table} set "
                "street = upper(street) where no = new.no; end".format("update" if table == "shops" else "insert")
            )
    return path


def session_on(file: Path) -> HttpSession:
    connection = Connection("old", f"sqlite:///{file}")
    return HttpSession(connection, DatabaseLogin(), SessionSettings(retry_limits=RETRY_LIMITS))


def test_a_trigger_that_changes_the_value_undoes_the_change(file: Path) -> None:
    resource, session = shops("shops"), session_on(file)
    assert resource.writes is not None
    changes = [
        Change(f"c{key}", key, "update", {}, {"street": word}, {"version": 1})
        for key, word in (("a1", "Weg 1"), ("a2", "WEG 1"))
    ]
    outcomes = resource.writes.writer.write(session, resource, changes)
    assert [item.end for item in outcomes] == [End.REJECTED, End.CONFIRMED]
    assert OTHER in outcomes[0].message
    assert "Weg 1" not in outcomes[0].message
    records = by_key(resource, read_all(session, resource))
    assert [records[key]["street"] for key in ("a1", "a2")] == ["x", "WEG 1"]


def test_a_row_that_is_inserted_otherwise_than_asked_is_not_there(file: Path) -> None:
    table, session = SqlTable("mail"), session_on(file)
    fields = (FIELDS[0], FIELDS[1])
    mail = Resource(name="mail", read=table, key="source_id", fields=fields, changes=Snapshot())
    changes = [Change(word, None, "create", {}, {"street": word}, {}) for word in ("Weg", "WEG")]
    ends = [item.end for item in InboxInserts(table).write(session, mail, changes)]
    assert ends == [End.REJECTED, End.CONFIRMED]
    assert list(by_key(mail, read_all(session, mail))) == ["WEG"]


def test_one_key_that_names_two_rows_writes_neither(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("insert into shops values ('a1', 'y', '1', null, 1)")
    resource, session = shops("shops"), session_on(file)
    assert resource.writes is not None
    change = Change("c1", "a1", "update", {}, {"price": "2"}, {"version": 1})
    (outcome,) = resource.writes.writer.write(session, resource, [change])
    assert outcome.end is End.REJECTED
    assert "2 rows by one key" in outcome.message
    assert {str(record["price"]) for record in read_all(session, resource)} == {"1"}


SAME = [
    ("BERN", "BERN     "),
    ("", None),
    (None, "   "),
    ("1.50", Decimal("1.5")),
    (Decimal(7), 7),
    (True, 1),
    (False, b"\x00"),
    ("2026-11-02", date(2026, 11, 2)),
    (datetime(2026, 11, 2, 8, tzinfo=UTC), naive(2, 9)),
    ("2026-11-02T08:00:00+00:00", naive(2, 9)),
    (time(9, 14), "09:14:00"),
    (timedelta(hours=30), "30:00:00"),
    ('{"a": 1}', {"a": 1}),
]
OTHERS = [
    ("Straße 1", "Stra?e 1"),
    (" BERN", "BERN"),
    ("BERN", "Bern"),
    ("0", None),
    (0, None),
    ("1.505", Decimal("1.51")),
    ("ten", Decimal(10)),
    (True, 0),
    (datetime(2026, 11, 2, 8, tzinfo=UTC), naive(2, 8)),
    ("2026-11-02T08:00:00+00:00", naive(2, 8)),
    (naive(2, 8, 5), naive(2, 8)),
    (date(2026, 11, 2), date(2026, 11, 3)),
    ('{"a": 1}', {"a": 2}),
]


@pytest.mark.parametrize(("asked", "found"), SAME, ids=[str(pair) for pair in SAME])
def test_one_value_in_two_spellings_is_kept(asked: object, found: object) -> None:
    assert is_kept(asked, found, BERLIN)


@pytest.mark.parametrize(("asked", "found"), OTHERS, ids=[str(pair) for pair in OTHERS])
def test_another_value_is_not_kept(asked: object, found: object) -> None:
    assert not is_kept(asked, found, BERLIN)
