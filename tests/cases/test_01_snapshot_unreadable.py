"""Case 01: while anything of a listing cannot be read, no record that is held counts as deleted."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from concord.contract import ChangedBetween, Snapshot, Window
from tests.store.listing import NOVEMBER, thing
from tests.store.test_batches import Night

LATER = Window(NOVEMBER.end, NOVEMBER.end + timedelta(days=1))
DELETED = "select count(*) from validated.testing__things where _is_deleted"
SOUND = json.dumps(thing(1)).encode()
DAMAGED = {
    "U+0000": SOUND.replace(b"Thing 1", b"Thing\\u0000 1"),
    "latin-1": SOUND.replace(b"Thing 1", b"M\xfcnchen"),
    "lone surrogate": SOUND.replace(b"Thing 1", b"B \\ud83d"),
    "key with U+0000": SOUND.replace(b"T-1", b"T-\\u00001"),
    "key in latin-1": SOUND.replace(b"T-1", b"T-\xfc1"),
    "no object": b'"T-1"',
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("changes", [Snapshot(), ChangedBetween("updated_at", vanish_limit=0.1)])
def test_a_record_that_cannot_be_read_stays_as_it_is_held(
    database: str, tmp_path: Path, changes: Snapshot | ChangedBetween, damaged: bytes
) -> None:
    night = Night(database, tmp_path / "suites", changes)
    night.listing.records = [thing(number) for number in range(30)]
    night.run()
    night.listing.records = [thing(number) for number in range(30) if number != 1]
    night.listing.raw = [damaged]
    night.run(LATER)
    assert night.rows(DELETED) == [(0,)]
    assert night.rows("select count(*) from ops.dead_letters where state = 'open'") == [(1,)]


def test_a_key_in_the_list_that_no_database_keeps_lets_nothing_vanish(database: str, tmp_path: Path) -> None:
    night = Night(database, tmp_path / "suites", ChangedBetween("updated_at", vanish_limit=0.1))
    night.listing.records = [thing(number) for number in range(30)]
    night.run()
    night.listing.records = [*night.listing.records[:29], thing(29, id="T-29\0")]
    night.run(LATER)
    assert night.rows(DELETED) == [(0,)]
