"""What is usual for a window is learned from the windows before it, and from what their windows brought."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from concord.contract import ChangedBetween, Window
from concord.errors import ExpectationsFailedError
from tests.store.listing import thing
from tests.store.test_batches import BEGINNING, Night

DAY = timedelta(days=1)
FIRST = datetime(2026, 11, 10, tzinfo=UTC)
MANY = 25


@pytest.fixture
def night(database: str, tmp_path: Path) -> Night:
    return Night(database, tmp_path / "suites", ChangedBetween("updated_at", vanish_limit=0.1))


def day(number: int) -> Window:
    return Window(FIRST + number * DAY, FIRST + (number + 1) * DAY)


def fill(night: Night, *numbers: int) -> None:
    """Records that changed on these days, many on each."""
    night.listing.records += [
        thing(1000 * number + count, updated=(day(number).start + DAY / 2).isoformat())
        for number in numbers
        for count in range(MANY)
    ]


def test_a_day_without_records_after_days_with_many_is_refused(night: Night) -> None:
    fill(night, 0, 1, 2, 3, 4)
    for number in range(5):
        night.run(day(number))
    with pytest.raises(ExpectationsFailedError, match="no record came"):
        night.run(day(5))


def test_a_backfill_of_a_day_without_records_before_days_with_many_is_right(night: Night) -> None:
    fill(night, 1, 2, 3, 4, 5)
    for number in range(1, 6):
        night.run(day(number))
    assert night.run(day(0)).received == 0


def test_records_that_were_looked_up_make_no_day_usual(night: Night) -> None:
    night.run(Window(BEGINNING, FIRST))
    fill(night, -1)
    for number in range(5):
        night.rows("delete from validated.testing__things returning 1")
        assert night.run(day(number)).received == MANY
    assert night.rows("select min(received - looked_up) from ops.batches where looked_up > 0") == [(0,)]
    assert night.run(day(5)).received == 0


def test_what_is_listed_and_was_not_covered_yet_comes_with_its_own_window(night: Night) -> None:
    fill(night, 0, 1, 2)
    assert night.run(day(1)).received == MANY
    assert night.run(day(2)).received == MANY
    assert night.run(Window(BEGINNING, day(0).end)).received == MANY
    assert night.rows("select count(*) from validated.testing__things") == [(3 * MANY,)]
