"""Pages of a table lose no unchanged row while others write, and no row with null values."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from concord.contract import NO_END, ChangedBetween, Field, Kind, Page, Resource, Window
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.sql.link import DatabaseLogin
from concord.protocols.sql.stamps import Digits
from concord.protocols.sql.tables import EARLIEST, SqlTable
from concord.protocols.values import decode_record
from concord.settings import Connection
from concord.testing.bench import RETRY_LIMITS, keys_of, read_all

DAY = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = Window(DAY, DAY + timedelta(days=1))
ITEMS = Resource(
    name="items",
    read=SqlTable("items", Digits("d", "t", has_century_digit=False), size=20),
    key="source_id",
    fields=(
        Field("no", "source_id", required=True),
        Field("ver", "version", Kind.INTEGER),
        Field("_concord.changed", "changed_at", Kind.TIMESTAMP),
    ),
    changes=ChangedBetween("changed_at", overlap=timedelta(0)),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table items (no text, ver integer, d integer, t integer)")
        rows = [(f"T-{number:03d}", 1, 20261101, number // 4) for number in range(60)]
        connection.executemany("insert into items values (?, ?, ?, ?)", rows)
    return path


@pytest.fixture
def session(file: Path) -> HttpSession:
    return HttpSession(
        Connection("old", f"sqlite:///{file}"), DatabaseLogin(), SessionSettings(retry_limits=RETRY_LIMITS)
    )


def ask(file: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement, values)


def disturb(file: Path, pages: Iterator[list[str]], dice: random.Random) -> tuple[set[str], set[str]]:
    """What is listed while somebody deletes, edits and inserts between the pages, and whom that touched."""
    listed, touched = set[str](), set[str]()
    for number, page in enumerate(pages):
        listed |= set(page)
        for key in dice.sample([f"T-{at:03d}" for at in range(60)], 5):
            touched.add(key)
            if dice.random() < 0.5:
                ask(file, "delete from items where no = ?", key)
            else:
                ask(file, "update items set ver = ver + 1, t = ? where no = ?", dice.randrange(86_000) % 60, key)
        ask(
            file, "insert into items values (?, 1, 20261101, ?)", f"S-{number}-{dice.random()}", dice.randrange(15)
        )
    return listed, touched


def keys_of_pages(pages: Iterator[Page]) -> Iterator[list[str]]:
    return (keys_of(ITEMS, [decode_record(ITEMS, raw) for raw in page]) for page in pages)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("way", ["keys", "window", "all"])
def test_a_row_that_nobody_touched_is_on_some_page(session: HttpSession, file: Path, way: str, seed: int) -> None:
    reader = replace(ITEMS.read, size=7)  # type: ignore[type-var]  # it is a SqlTable
    pages = {
        "keys": lambda: reader.read_keys(session, ITEMS),
        "window": lambda: keys_of_pages(reader.read_window(session, ITEMS, WINDOW)),
        "all": lambda: keys_of_pages(reader.read_window(session, ITEMS, None)),
    }[way]()
    listed, touched = disturb(file, pages, random.Random(seed))
    untouched = {f"T-{number:03d}" for number in range(60)} - touched
    assert untouched
    assert untouched <= listed


def test_a_row_that_is_deleted_while_the_keys_are_listed_takes_no_other_with_it(
    session: HttpSession, file: Path
) -> None:
    listed = set[str]()
    for number, keys in enumerate(ITEMS.read.read_keys(session, ITEMS)):
        listed |= set(keys)
        if number == 0:
            ask(file, "delete from items where no = 'T-000'")
    assert {f"T-{number:03d}" for number in range(1, 60)} <= listed


def test_rows_without_a_stamp_or_with_half_of_one_end_no_page(session: HttpSession, file: Path) -> None:
    ask(file, "update items set d = null where no < 'T-010'")
    ask(file, "update items set t = null where no >= 'T-010' and no < 'T-035'")
    ask(file, "update items set d = 0, t = 0 where no >= 'T-035' and no < 'T-040'")
    first = read_all(session, ITEMS, Window(EARLIEST, WINDOW.end), size=7)
    assert sorted(keys_of(ITEMS, first)) == [f"T-{number:03d}" for number in range(60)]
    assert sorted(keys_of(ITEMS, read_all(session, ITEMS, WINDOW, size=7))) == [
        f"T-{number:03d}" for number in range(40, 60)
    ]
    pages = ITEMS.read.read_matching(session, ITEMS, "source_id", ["T-001", "T-011", "T-036"])
    assert sum(len(page) for page in pages) == 3


def test_rows_without_a_key_are_told_and_end_no_page(session: HttpSession, file: Path) -> None:
    ask(file, "update items set no = null where no in ('T-003', 'T-059')")
    for window in (None, WINDOW):
        found = read_all(session, ITEMS, window, size=7)
        assert [record["no"] for record in found].count(None) == 2
        assert len(found) == 60
    listed = [key for keys in ITEMS.read.read_keys(session, ITEMS) for key in keys]
    assert (len(listed), listed.count("")) == (60, 2)


@pytest.fixture
def passed_over(file: Path) -> list[str]:
    ask(file, "update items set d = null where no = 'T-000'")
    ask(file, "update items set d = 0, t = 0 where no = 'T-001'")
    ask(file, "update items set d = 20991231, t = 120000 where no = 'T-002'")
    ask(file, "update items set d = 99999999, t = 999999 where no = 'T-003'")
    return ["T-000", "T-001", "T-002", "T-003"]


def test_where_no_keys_are_listed_the_newest_window_takes_what_no_window_meets(
    session: HttpSession, passed_over: list[str]
) -> None:
    now = datetime.now(UTC)
    newest = Window(now - timedelta(hours=1), NO_END)
    assert sorted(keys_of(ITEMS, read_all(session, ITEMS, newest, size=3))) == passed_over
    past = Window(now - timedelta(days=90), now - timedelta(days=60))
    assert not set(keys_of(ITEMS, read_all(session, ITEMS, past))) & set(passed_over)


def test_where_keys_are_listed_they_lead_to_what_no_window_meets(
    session: HttpSession, passed_over: list[str]
) -> None:
    items = replace(ITEMS, changes=ChangedBetween("changed_at", vanish_limit=0.1))
    now = datetime.now(UTC)
    assert read_all(session, items, Window(now - timedelta(hours=1), now)) == []
    listed = {key for keys in items.read.read_keys(session, items) for key in keys}
    assert set(passed_over) <= listed
    pages = items.read.read_matching(session, items, "source_id", passed_over)
    assert sorted(keys_of(items, [decode_record(items, raw) for page in pages for raw in page])) == passed_over


def test_a_text_that_is_no_utf_8_is_one_record_with_its_byte(session: HttpSession, file: Path) -> None:
    ask(file, "update items set ver = cast(x'4dfc6e6368656e' as text) where no = 'T-030'")
    pages = [raw for page in ITEMS.read.read_window(session, ITEMS, WINDOW) for raw in page]
    (foreign,) = (bytes(raw) for raw in pages if b"T-030" in bytes(raw))
    assert len(pages) == 60
    assert b"M\\udcfcnchen" in foreign
