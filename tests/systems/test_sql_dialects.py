"""The same declarations on other databases: a file of SQLite, and the words that each dialect would be sent."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.dialects import mssql, mysql, oracle

from concord.contract import Change, ChangedBetween, End, Field, Kind, Resource, Snapshot, Window, Writes
from concord.errors import ServerError
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.sql.link import DatabaseLogin
from concord.protocols.sql.stamps import Digits
from concord.protocols.sql.tables import SqlTable
from concord.protocols.sql.writes import GuardedUpdates, InboxInserts
from concord.settings import Connection
from concord.testing.bench import RETRY_LIMITS, keys_of, read_all

ITEMS = SqlTable("items", Digits("d", "t", has_century_digit=False), size=10)
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
RESOURCE = Resource(
    name="items",
    read=ITEMS,
    key="source_id",
    fields=(
        Field("no", "source_id", Kind.INTEGER, required=True),
        Field("price", "price", Kind.DECIMAL),
        Field("ver", "version", Kind.INTEGER),
        Field("_concord.changed", "changed_at", Kind.TIMESTAMP),
    ),
    changes=ChangedBetween("changed_at"),
    writes=Writes(
        GuardedUpdates(ITEMS, version="ver"),
        update=frozenset({"price"}),
        create=frozenset({"price"}),
        guard="version",
    ),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "create table items (no integer primary key, price text, ver integer, d integer, t integer)"
        )
        rows = [(number, f"{number}.50", 1, 20261101, number // 4) for number in range(1, 46)]
        connection.executemany("insert into items values (?, ?, ?, ?, ?)", rows)
        connection.execute(
            "create table mail (id text primary key, price text, ver integer, d integer, t integer)"
        )
    return path


@pytest.fixture
def session(file: Path) -> HttpSession:
    connection = Connection("old_default", f"sqlite:///{file}", extra={"lock_seconds": "0.05"})
    return HttpSession(connection, DatabaseLogin(), SessionSettings(retry_limits=RETRY_LIMITS))


def test_pages_lose_and_double_nothing_where_stamps_are_shared(session: HttpSession) -> None:
    whole = Window(BEGIN, BEGIN + timedelta(days=1))
    assert keys_of(RESOURCE, read_all(session, RESOURCE, whole)) == [str(number) for number in range(1, 46)]
    split = BEGIN + timedelta(seconds=5)
    left = keys_of(RESOURCE, read_all(session, RESOURCE, Window(BEGIN, split)))
    right = keys_of(RESOURCE, read_all(session, RESOURCE, Window(split, whole.end)))
    assert (len(left), len(right)) == (19, 26)
    assert len(keys_of(RESOURCE, read_all(session, RESOURCE))) == 45


def test_updates_hold_for_their_version_only(session: HttpSession) -> None:
    changes = [Change(f"c{key}", str(key), "update", {}, {"price": "1"}, {"version": 1}) for key in (3, 4, 99)]
    assert RESOURCE.writes is not None
    ends = [item.end for item in RESOURCE.writes.writer.write(session, RESOURCE, changes)]
    assert ends == [End.CONFIRMED, End.CONFIRMED, End.CONFLICTED]
    again = [item.end for item in RESOURCE.writes.writer.write(session, RESOURCE, changes)]
    assert again == [End.CONFLICTED] * 3


def test_a_locked_file_is_a_passing_trouble(session: HttpSession, file: Path) -> None:
    change = Change("c3", "3", "update", {}, {"price": "1"}, {"version": 1})
    assert RESOURCE.writes is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as program:
        program.execute("begin exclusive")
        with pytest.raises(ServerError, match="in the way"):
            read_all(session, RESOURCE)
        (outcome,) = RESOURCE.writes.writer.write(session, RESOURCE, [change])
        assert outcome.end is End.HELD
        program.execute("rollback")
    (outcome,) = RESOURCE.writes.writer.write(session, RESOURCE, [change])
    assert outcome.end is End.CONFIRMED


def test_messages_are_inserted_once(session: HttpSession) -> None:
    fields = (Field("id", "source_id", required=True), Field("price", "price"))
    mail = SqlTable("mail")
    resource = Resource(name="mail", read=mail, key="source_id", fields=fields, changes=Snapshot())
    change = Change("m1", None, "create", {}, {"price": "1"}, {})
    ends = [item.end for item in InboxInserts(mail).write(session, resource, [change, change])]
    assert ends == [End.CONFIRMED] * 2
    assert keys_of(resource, read_all(session, resource)) == ["m1"]


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        (mssql.dialect(), "SELECT TOP"),
        (mysql.dialect(), "LIMIT"),
        (oracle.dialect(), "FETCH FIRST"),
    ],
    ids=["mssql", "mysql", "oracle"],
)
def test_a_page_is_bounded_in_the_words_of_each_dialect(dialect: object, words: str) -> None:
    statement = ITEMS.first_page(RESOURCE, Window(BEGIN, BEGIN + timedelta(days=1)), UTC)
    text = str(statement.compile(dialect=dialect))  # type: ignore[arg-type]  # each is one
    assert words in text
    assert "OFFSET" not in text
    assert "ORDER BY d, t, no" in text
