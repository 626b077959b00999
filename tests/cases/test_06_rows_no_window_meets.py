"""Case 06: a row whose stamp lies in no window is found in the list of keys and read by its key."""

from datetime import timedelta
from pathlib import Path

import pytest

from concord.contract import ChangedBetween, Window
from concord.settings import read_start
from tests.store.listing import NOVEMBER, thing
from tests.store.test_batches import Night

LATER = Window(NOVEMBER.end, NOVEMBER.end + timedelta(days=1))


@pytest.mark.parametrize("stamp", ["1970-01-01T00:00:00Z", "2036-12-31T12:00:00Z"], ids=["zero", "future"])
def test_a_new_row_without_a_usable_stamp_is_read(database: str, tmp_path: Path, stamp: str) -> None:
    night = Night(database, tmp_path / "suites", ChangedBetween("updated_at", vanish_limit=0.1))
    night.listing.records = [thing(number) for number in range(30)]
    night.run(Window(read_start(), NOVEMBER.end))
    night.listing.records.append(thing(77, updated=stamp))
    night.run(LATER)
    assert night.rows("select thing_name from validated.testing__things where _key = 'T-77'") == [("Thing 77",)]
