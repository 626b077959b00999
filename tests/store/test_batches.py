"""From a vendor's listing to validated rows: every record has one disposition, and the counts balance."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from concord.contract import ChangedBetween, Snapshot, System, Window
from concord.errors import BatchError, ContractError, ExpectationsFailedError
from concord.stages.extract.choose_window import continue_coverage
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables
from tests.store.listing import NOVEMBER, Listing, Silent, declare, thing, write_suite

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class Night:
    """A warehouse, a listing and the two steps between them."""

    def __init__(self, url: str, folder: Path, changes: ChangedBetween | Snapshot | None = None) -> None:
        self.database = Database(url)
        self.listing = Listing()
        self.system: System = declare(self.listing, changes or ChangedBetween("updated_at"))
        self.suites = write_suite(folder)
        create_tables(self.database, self.system, self.system.resources[0])

    def run(self, window: Window = NOVEMBER, **options: bool) -> BatchCounts:
        resource = self.system.resources[0]
        batch = extract_window(self.database, Silent(), system=self.system, resource=resource, window=window)
        return validate_batch(
            self.database, system=self.system, resource=resource, batch_id=batch, suites=self.suites, **options
        )

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]  # literal queries of this file


@pytest.fixture
def night(database: str, tmp_path: Path) -> Night:
    return Night(database, tmp_path / "suites")


def test_sound_records_are_validated_with_their_types(night: Night) -> None:
    night.listing.records = [thing(1), thing(2, owner=None)]
    assert night.run() == BatchCounts(2, 2, 0, 0)
    assert night.rows("select _key, price * 2, email, tags->>0 from validated.testing__things order by 1") == [
        ("T-1", pytest.approx(Decimal("19.8")), "owner1@example.com", "a"),
        ("T-2", pytest.approx(Decimal("19.8")), None, "a"),
    ]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param({"price": "cheap"}, "price is not a number", id="type"),
        pytest.param({"price": "NaN"}, "price is not a number", id="nan"),
        pytest.param({"updated": "now"}, "updated_at is not a time with a zone", id="magic time"),
        pytest.param({"gone": "perhaps"}, "is_deleted is not true or false", id="boolean"),
        pytest.param({"price": "-1"}, "price", id="expectation"),
        pytest.param({"name": "a\u0000b"}, "text that a database cannot keep", id="nul"),
        pytest.param({"id": None}, "source_id is missing", id="no key"),
    ],
)
def test_one_bad_record_is_set_aside_alone(night: Night, broken: dict[str, object], reason: str) -> None:
    night.listing.raw = []
    night.listing.records = [thing(1), thing(2)]
    bad = thing(3, **broken)
    night.listing.raw = [json.dumps(bad).encode()]
    assert night.run() == BatchCounts(3, 2, 1, 0)
    letters = night.rows("select message, payload is not null from ops.dead_letters where state = 'open'")
    assert len(letters) == 1
    assert reason in str(letters[0][0])
    assert letters[0][1] is True


def test_a_record_that_is_no_object_still_has_an_end(night: Night) -> None:
    night.listing.records = [thing(1)]
    night.listing.raw = [b"[1, 2]", b'"text"', b"null"]
    assert night.run() == BatchCounts(4, 1, 3, 0)


def test_a_record_with_bytes_that_are_no_text_is_set_aside_alone(night: Night) -> None:
    sound = json.dumps(thing(1)).encode()
    night.listing.raw = [sound, sound.replace(b"T-1", b"T-2").replace(b'{"id"', b'{"note": "\xff\xfe", "id"')]
    assert night.run() == BatchCounts(2, 1, 1, 0)
    assert night.rows("select _payload like '%\\\\xff\\\\xfe%' from landing.testing__things order by _row") == [
        (False,),
        (True,),
    ]


def test_the_newest_version_wins_and_the_others_are_repeated(night: Night) -> None:
    night.listing.records = [
        thing(1, name="old", updated="2026-11-02T00:00:00Z"),
        thing(1, name="new", updated="2026-11-03T00:00:00Z"),
        thing(1, name="new", updated="2026-11-03T00:00:00Z"),
    ]
    assert night.run() == BatchCounts(3, 1, 0, 2)
    assert night.rows("select thing_name from validated.testing__things") == [("new",)]


def test_older_data_never_overwrites_newer(night: Night) -> None:
    night.listing.records = [thing(1, name="new", updated="2026-11-20T00:00:00Z")]
    night.run()
    night.listing.records = [thing(1, name="old", updated="2026-10-20T00:00:00Z")]
    october = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    assert night.run(october) == BatchCounts(1, 0, 0, 1)
    assert night.rows("select thing_name from validated.testing__things") == [("new",)]


def test_the_same_window_twice_leaves_the_same_rows(night: Night) -> None:
    night.listing.records = [thing(number) for number in range(10)] + [thing(11, price="x")]
    dumps = []
    for _ in range(2):
        assert night.run() == BatchCounts(11, 10, 1, 0)
        dumps.append(
            [
                night.rows("select * from validated.testing__things order by _key"),
                night.rows("select to_jsonb(t) - '_landed_at' from landing.testing__things as t order by _row"),
                night.rows("select to_jsonb(d) - 'judged_at' from ops.dispositions as d order by row_number"),
                night.rows("select dead_letter_id, message, attempts, payload from ops.dead_letters"),
            ]
        )
    assert len(dumps[0][0]) == 10
    assert dumps[0] == dumps[1]


def turned(value: object) -> object:
    """The same JSON with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {name: turned(inner) for name, inner in reversed(value.items())}
    return [turned(inner) for inner in value] if isinstance(value, list) else value


def test_the_same_record_with_its_keys_in_another_order_is_the_same(night: Night) -> None:
    later = Window(NOVEMBER.end, NOVEMBER.end + timedelta(days=1))
    records = [thing(1, tags=[{"a": 1, "b": 2}]), thing(2, price="x")]
    held, letters = (
        "select * from validated.testing__things",
        "select dead_letter_id, payload from ops.dead_letters",
    )
    night.listing.raw = [json.dumps(record).encode() for record in records]
    night.run()
    before, ((letter, payload),) = night.rows(held), night.rows(letters)
    night.listing.raw = [json.dumps(turned(record)).encode() for record in records]
    assert night.run(later) == BatchCounts(2, 1, 1, 0)
    assert night.rows(held) == before
    assert night.rows(letters) == [(letter, json.dumps(turned(records[1])))]
    assert payload == json.dumps(records[1])


def test_a_deleted_record_is_marked(night: Night) -> None:
    night.listing.records = [thing(1)]
    night.run()
    night.listing.records = [thing(1, gone=True, updated="2026-11-25T00:00:00Z")]
    night.run()
    assert night.rows("select _is_deleted from validated.testing__things") == [(True,)]


def test_a_dead_letter_closes_itself_when_a_sound_version_arrives(night: Night) -> None:
    night.listing.records = [thing(1, price="-5")]
    night.run()
    night.listing.records = [thing(1, price="5", updated="2026-11-28T00:00:00Z")]
    night.run()
    assert night.rows("select state from ops.dead_letters") == [("resolved",)]


def test_a_batch_mostly_at_fault_is_refused_whole(night: Night) -> None:
    night.listing.records = [thing(number) for number in range(40)]
    night.listing.raw = [json.dumps(thing(100 + n, price="x")).encode() for n in range(30)]
    with pytest.raises(ExpectationsFailedError, match="30 of 70 records are at fault"):
        night.run()
    assert night.rows("select state, validated from ops.batches") == [("refused", 0)]
    assert night.rows("select count(*) from validated.testing__things") == [(0,)]


def test_a_renamed_field_refuses_the_batch(night: Night) -> None:
    night.listing.records = [thing(number) for number in range(30)]
    night.run()
    december = Window(NOVEMBER.end, NOVEMBER.end + timedelta(days=31))
    night.listing.records = [
        {**thing(n, updated="2026-12-02T00:00:00Z", name=None), "title": "x"} for n in range(30)
    ]
    with pytest.raises(ExpectationsFailedError, match="thing_name is empty in every record"):
        night.run(december)


def test_books_that_do_not_balance_are_refused_by_the_database(night: Night) -> None:
    night.listing.records = [thing(1), thing(2)]
    night.run()
    lose_one = "delete from ops.dispositions where row_number = 0; update ops.batches set validated = 2"
    with pytest.raises(BatchError, match="claims 2 records"), night.database.transaction() as connection:
        connection.execute(lose_one)


def test_keys_that_vanish_from_a_snapshot_become_deletions(database: str, tmp_path: Path) -> None:
    night = Night(database, tmp_path / "suites", Snapshot(vanish_limit=0.2))
    night.listing.records = [thing(number) for number in range(30)]
    night.run()
    later = Window(NOVEMBER.end, NOVEMBER.end + timedelta(days=1))
    night.listing.records = [thing(number) for number in range(28)]
    night.run(later)
    assert night.rows("select count(*) from validated.testing__things where _is_deleted") == [(2,)]


def test_too_many_vanished_keys_delete_nothing(database: str, tmp_path: Path) -> None:
    night = Night(database, tmp_path / "suites", ChangedBetween("updated_at", vanish_limit=0.1))
    night.listing.records = [thing(number) for number in range(30)]
    night.run()
    later = Window(NOVEMBER.end, NOVEMBER.end + timedelta(days=1))
    night.listing.records = [thing(number) for number in range(20)]
    with pytest.raises(ExpectationsFailedError, match="10 of 30 records"):
        night.run(later)
    assert night.rows("select count(*) from validated.testing__things where _is_deleted") == [(0,)]


def test_only_the_newest_list_of_keys_is_kept(database: str, tmp_path: Path) -> None:
    night = Night(database, tmp_path / "suites", ChangedBetween("updated_at", vanish_limit=0.1))
    later = Window(NOVEMBER.end, NOVEMBER.end + timedelta(days=1))
    for window, count in ((NOVEMBER, 30), (later, 29)):
        night.listing.records = [thing(number) for number in range(count)]
        night.run(window)
    assert night.rows("select count(*) from ops.listed_keys") == [(29,)]
    assert night.rows("select is_key_list_complete from ops.batches order by covered_window") == [
        (False,),
        (True,),
    ]


def test_a_batch_whose_list_was_replaced_marks_nothing_as_deleted(database: str, tmp_path: Path) -> None:
    night = Night(database, tmp_path / "suites", ChangedBetween("updated_at", vanish_limit=0.1))
    night.listing.records = [thing(number) for number in range(30)]
    night.run()
    later = [Window(NOVEMBER.end, NOVEMBER.end + timedelta(days=days)) for days in (1, 2)]
    night.listing.records = night.listing.records[:20]
    with pytest.raises(ExpectationsFailedError, match="10 of 30 records"):
        night.run(later[0])
    night.listing.records = [thing(number) for number in range(30)]
    night.run(later[1])
    ((refused,),) = night.rows("select batch_id from ops.batches where state = 'refused'")
    resource = night.system.resources[0]
    validate_batch(
        night.database, system=night.system, resource=resource, batch_id=str(refused), suites=night.suites
    )
    assert night.rows("select count(*) from validated.testing__things where _is_deleted") == [(0,)]


@pytest.mark.parametrize("left", [0, 14])
def test_a_window_from_the_beginning_that_brings_less_than_half_of_what_is_held_is_refused(
    night: Night, left: int
) -> None:
    night.listing.records = [thing(number) for number in range(30)]
    night.run(Window(BEGINNING, NOVEMBER.end))
    night.listing.records = night.listing.records[:left]
    with pytest.raises(ExpectationsFailedError, match=f"only {left} records came"):
        night.run(Window(BEGINNING, NOVEMBER.end + timedelta(days=1)))


def test_the_next_window_starts_where_coverage_ends(night: Night) -> None:
    resource = night.system.resources[0]
    end = NOVEMBER.end + timedelta(days=3)
    interval = {"interval_start": end - timedelta(days=1), "interval_end": end}
    first = continue_coverage(night.database, night.system, resource, **interval)
    assert first.start == BEGINNING
    night.run(Window(BEGINNING, NOVEMBER.end))
    healed = continue_coverage(night.database, night.system, resource, **interval)
    assert healed.start == NOVEMBER.end - timedelta(minutes=10)
    night.run(healed)
    assert continue_coverage(night.database, night.system, resource, **interval) == healed


def test_a_changed_type_is_refused_with_what_to_do(night: Night) -> None:
    with night.database.transaction() as connection:
        connection.execute("drop view scope.testing__things")
        connection.execute("alter table validated.testing__things alter column price type text")
    with pytest.raises(ContractError, match="give the field a new name"):
        create_tables(night.database, night.system, night.system.resources[0])
