"""Change stamps in the future order no versions, and a vendor's clock that is behind loses no change."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from concord.contract import ChangedBetween, Window
from concord.monitoring.clocks import check_clocks
from concord.stages.extract.choose_window import continue_coverage
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import validate_batch
from concord.store.engine import PLANNER
from tests.store.listing import Silent, thing
from tests.store.test_batches import Night

NOW = datetime.now(UTC)
LAST_WEEK = Window(NOW - timedelta(days=7), NOW)
FUTURE = (NOW + timedelta(days=3650)).isoformat()


@pytest.fixture
def night(database: str, tmp_path: Path) -> Night:
    return Night(database, tmp_path / "suites", ChangedBetween("updated_at", vanish_limit=0.1))


def alarms(night: Night) -> list[str]:
    with night.database.transaction(PLANNER) as connection:
        return [f"{alarm.name}: {alarm.sentence}" for alarm in check_clocks(connection, [night.system])]


def name_of(night: Night, key: str) -> object:
    ((name,),) = night.rows(f"select thing_name from validated.testing__things where _key = '{key}'")
    return name


def stamp(**ago: float) -> str:
    return (NOW - timedelta(**ago)).isoformat()


def test_an_edit_after_a_stamp_in_the_future_counts(night: Night) -> None:
    night.listing.records = [thing(1, updated=stamp(days=2)), thing(2, updated=FUTURE, name="Wrong clock")]
    night.run(LAST_WEEK)
    assert name_of(night, "T-2") == "Wrong clock"
    assert night.rows("select future_stamps from ops.batches") == [(1,)]
    assert "1 record of testing things has a stamp in the future" in " ".join(alarms(night))
    night.listing.records[1] = thing(2, updated=datetime.now(UTC).isoformat(), name="Edited")
    counts = night.run(Window(LAST_WEEK.start, datetime.now(UTC) + timedelta(seconds=1)))
    assert (counts.validated, counts.repeated) == (2, 0)
    assert name_of(night, "T-2") == "Edited"
    assert alarms(night) == []


def test_a_version_that_an_earlier_concord_kept_with_a_stamp_in_the_future_is_replaced(night: Night) -> None:
    night.listing.records = [thing(1, updated=stamp(days=2))]
    night.run(LAST_WEEK)
    night.rows("update validated.testing__things set _modified_at = '2099-01-01Z' returning 1")
    night.listing.records = [thing(1, updated=stamp(days=1), name="Edited")]
    night.run(Window(LAST_WEEK.start, LAST_WEEK.end - timedelta(minutes=1)))
    assert name_of(night, "T-1") == "Edited"


def test_an_older_version_does_not_replace_one_with_a_stamp_in_the_future(night: Night) -> None:
    night.listing.records = [thing(1, updated=FUTURE, name="New")]
    night.run(LAST_WEEK)
    night.listing.records = [thing(1, updated=stamp(days=3), name="Old")]
    counts = night.run(Window(LAST_WEEK.start, LAST_WEEK.end - timedelta(days=1)))
    assert counts.repeated == 1
    assert name_of(night, "T-1") == "New"


def test_of_copies_in_one_batch_the_last_counts_where_a_stamp_lies_in_the_future(night: Night) -> None:
    copies = {"First": stamp(days=1), "Second": FUTURE, "Third": stamp(days=2)}
    night.listing.raw = [json.dumps(thing(1, updated=at, name=name)).encode() for name, at in copies.items()]
    night.run(LAST_WEEK)
    assert name_of(night, "T-1") == "Third"


@pytest.mark.parametrize("behind", [timedelta(hours=2), timedelta(minutes=11)], ids=str)
def test_a_change_by_a_clock_that_is_behind_is_read_the_next_night(night: Night, behind: timedelta) -> None:
    session, resource = Silent(), night.system.resources[0]
    session.clock_behind = behind
    night.listing.records = [thing(1, updated=stamp(days=1))]
    first = Window(NOW - timedelta(days=30), datetime.now(UTC))
    batch = extract_window(night.database, session, system=night.system, resource=resource, window=first)
    validate_batch(night.database, system=night.system, resource=resource, batch_id=batch, suites=night.suites)
    changed = datetime.now(UTC) - behind
    night.listing.records[0] = thing(1, updated=changed.isoformat(), name="Edited")
    ((covered, told),) = night.rows("select upper(covered_window), clock_behind from ops.batches")
    assert told == behind
    assert covered <= changed
    until = datetime.now(UTC) + timedelta(days=1)
    window = continue_coverage(
        night.database, night.system, resource, interval_start=first.end, interval_end=until
    )
    assert window.start <= changed < window.end
    assert [line.partition(":")[0] for line in alarms(night)] == ["clock difference"]


def test_a_clock_that_was_put_back_since_the_last_night_loses_nothing(night: Night) -> None:
    night.listing.records = [thing(1, updated=stamp(days=1))]
    night.run(LAST_WEEK)
    night.listing.records[0] = thing(1, updated=stamp(hours=2), name="Edited")
    session, resource = Silent(), night.system.resources[0]
    session.clock_behind = timedelta(hours=2, minutes=1)
    window = Window(LAST_WEEK.end - timedelta(minutes=10), datetime.now(UTC))
    batch = extract_window(night.database, session, system=night.system, resource=resource, window=window)
    validate_batch(night.database, system=night.system, resource=resource, batch_id=batch, suites=night.suites)
    assert name_of(night, "T-1") == "Edited"


def test_an_edit_by_a_clock_that_was_put_back_is_newer_than_one_by_the_right_clock(night: Night) -> None:
    night.listing.records = [thing(1, updated=stamp(minutes=1))]
    night.run(LAST_WEEK)
    session, resource = Silent(), night.system.resources[0]
    session.clock_behind = timedelta(hours=3)
    night.listing.records[0] = thing(1, updated=stamp(hours=3), name="Edited")
    batch = extract_window(night.database, session, system=night.system, resource=resource, window=LAST_WEEK)
    validate_batch(night.database, system=night.system, resource=resource, batch_id=batch, suites=night.suites)
    assert name_of(night, "T-1") == "Edited"


def test_a_clock_that_is_a_little_behind_changes_nothing(night: Night) -> None:
    session = Silent()
    session.clock_behind = timedelta(seconds=40)
    extract_window(
        night.database, session, system=night.system, resource=night.system.resources[0], window=LAST_WEEK
    )
    assert night.rows("select upper(covered_window) from ops.batches") == [(LAST_WEEK.end,)]
    assert alarms(night) == []
