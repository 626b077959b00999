"""Which window a run reads: nightly, as a backfill, with a form, or started by hand."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from concord import registry
from concord.contract import ChangedBetween, Resource, Snapshot, Window
from concord.errors import ConfigurationError, ContractError
from concord.orchestration.ingesting import describe_run, refuse_announcement
from concord.settings import read_start
from concord.stages.extract.choose_window import Run, choose_window
from concord.stages.extract.split_range import Range, split_range
from concord.store.engine import Database
from concord.store.ledger.batches import find_covered_until, list_gaps
from concord.store.migrate import FOLDER

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
NO_FORM = {"from": None, "to": None}


def run(kind: str, start: datetime | None, end: datetime | None, *, at: datetime) -> SimpleNamespace:
    return SimpleNamespace(
        run_type=kind, data_interval_start=start, data_interval_end=end, run_after=at, start_date=at
    )


def choose(url: str, run: SimpleNamespace, *, snapshot: bool = False, form: object = NO_FORM) -> Window | None:
    system, resource = pick(Snapshot if snapshot else ChangedBetween)
    return choose_window(Database(url), system, resource, describe_run(run, form))


def pick(kind: type) -> tuple[object, Resource]:
    return next(
        (system, resource)
        for system in registry.systems()
        for resource in system.resources
        if isinstance(resource.changes, kind)
    )


def cover(url: str, window: Window) -> None:
    system, resource = pick(ChangedBetween)
    with Database(url).transaction() as connection:
        connection.execute(
            "insert into ops.batches (batch_id, system, resource, purpose, covered_window, state) "
            "values (%s, %s, %s, 'window', %s::tstzrange, 'covered')",
            (str(window), system.name, resource.name, str(window)),
        )


def test_the_first_night_reads_from_the_beginning(database: str) -> None:
    night = run("scheduled", MIDNIGHT - DAY, MIDNIGHT, at=MIDNIGHT)
    assert choose(database, night) == Window(BEGINNING, MIDNIGHT)


def test_a_night_after_a_lost_one_reads_both(database: str) -> None:
    cover(database, Window(BEGINNING, MIDNIGHT - 2 * DAY))
    found = choose(database, run("scheduled", MIDNIGHT - DAY, MIDNIGHT, at=MIDNIGHT))
    assert found is not None
    assert found.end == MIDNIGHT
    assert MIDNIGHT - 3 * DAY < found.start < MIDNIGHT - 2 * DAY


def test_a_first_read_that_a_backfill_has_split_leaves_its_own_day_to_the_night(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_START", "2026-01-01")
    system, resource = pick(ChangedBetween)
    days = Range(first=date(2026, 1, 1), last=date(2026, 3, 8), resources=frozenset({resource.name}), step="month")
    windows = [item.window for item in split_range(system, days, MIDNIGHT)]
    assert len(windows) == 3
    for window in windows:
        cover(database, window)
    found = choose(database, run("scheduled", MIDNIGHT - DAY, MIDNIGHT, at=MIDNIGHT))
    assert found == Window(MIDNIGHT - DAY - resource.changes.overlap, MIDNIGHT)


def test_a_backfill_reads_its_own_interval_and_no_more(database: str) -> None:
    backfill = run("backfill", MIDNIGHT - 30 * DAY, MIDNIGHT - 29 * DAY, at=MIDNIGHT)
    assert choose(database, backfill) == Window(MIDNIGHT - 30 * DAY, MIDNIGHT - 29 * DAY)


def test_a_backfill_of_a_past_night_leaves_snapshots_alone(database: str) -> None:
    past = run("backfill", MIDNIGHT - 30 * DAY, MIDNIGHT - 29 * DAY, at=MIDNIGHT + timedelta(hours=3))
    last = run("backfill", MIDNIGHT - DAY, MIDNIGHT, at=MIDNIGHT + timedelta(hours=3))
    assert choose(database, past, snapshot=True) is None
    found = choose(database, last, snapshot=True)
    assert found is not None
    assert found.end == MIDNIGHT


def test_a_form_names_its_own_span(database: str) -> None:
    form = {"from": "2026-01-01T00:00:00", "to": "2026-02-01T01:00:00+01:00"}
    found = choose(database, run("manual", None, None, at=MIDNIGHT), form=form)
    assert found == Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


def test_a_form_with_a_span_that_ends_before_it_begins_is_refused(database: str) -> None:
    form = {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    with pytest.raises(ContractError, match="is empty"):
        choose(database, run("manual", None, None, at=MIDNIGHT), form=form)


def test_a_run_by_hand_without_an_interval_reads_up_to_now(database: str) -> None:
    now = MIDNIGHT + timedelta(hours=14)
    assert choose(database, run("manual", None, None, at=now)) == Window(BEGINNING, now)


def test_the_same_run_reads_the_same_window_again(database: str) -> None:
    night = run("scheduled", MIDNIGHT - DAY, MIDNIGHT, at=MIDNIGHT)
    first = choose(database, night)
    assert first is not None
    cover(database, first)
    assert choose(database, night) == first


WEEK = Window(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 8, tzinfo=UTC))
NIGHT = run("scheduled", MIDNIGHT - DAY, MIDNIGHT, at=MIDNIGHT)


def gaps(url: str) -> list[Window]:
    system, resource = pick(ChangedBetween)
    with Database(url).transaction() as connection:
        found = list_gaps(connection)
    names = (system.name, resource.name)
    return [Window(gap["start"], gap["end"]) for gap in found if (gap["system"], gap["resource"]) == names]


@pytest.mark.parametrize("covered_by", ["a backfill", "a form"])
def test_a_span_read_before_the_first_night_hides_no_earlier_history(database: str, covered_by: str) -> None:
    if covered_by == "a form":
        form = {"from": WEEK.start.isoformat(), "to": WEEK.end.isoformat()}
        found = choose(database, run("manual", None, None, at=MIDNIGHT), form=form)
    else:
        found = choose(database, run("backfill", WEEK.start, WEEK.end, at=MIDNIGHT))
    assert found == WEEK
    cover(database, WEEK)
    assert gaps(database) == [Window(BEGINNING, WEEK.start)]
    assert choose(database, NIGHT) == Window(BEGINNING, MIDNIGHT)
    cover(database, Window(BEGINNING, MIDNIGHT))
    assert gaps(database) == []


def test_a_resource_that_was_never_accepted_is_one_gap_from_the_beginning(database: str) -> None:
    choose(database, NIGHT)
    [gap] = gaps(database)
    assert gap.start == BEGINNING
    assert gap.end > MIDNIGHT


def test_two_gaps_are_both_shown_and_one_night_reads_both(database: str) -> None:
    choose(database, NIGHT)
    cover(database, WEEK)
    cover(database, Window(WEEK.end + 3 * DAY, WEEK.end + 5 * DAY))
    assert gaps(database) == [Window(BEGINNING, WEEK.start), Window(WEEK.end, WEEK.end + 3 * DAY)]
    assert choose(database, NIGHT) == Window(BEGINNING, MIDNIGHT)


def test_the_business_declares_from_when_on_systems_are_read(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_START", "2026-02-01")
    cover(database, WEEK)
    found = choose(database, NIGHT)
    assert found is not None
    assert found.start == WEEK.end - timedelta(minutes=10)
    assert gaps(database) == []
    monkeypatch.setenv("CONCORD_START", "2025-01-01")
    assert choose(database, NIGHT) == Window(datetime(2025, 1, 1, tzinfo=UTC), MIDNIGHT)
    assert gaps(database) == [Window(datetime(2025, 1, 1, tzinfo=UTC), WEEK.start)]


def test_a_start_that_is_no_day_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_START", "last year")
    with pytest.raises(ConfigurationError, match="CONCORD_START is 'last year', which is not a day"):
        read_start()


@pytest.mark.parametrize("snapshot", [False, True])
@pytest.mark.parametrize("kind", ["manual", "scheduled", "backfill"])
def test_no_run_covers_what_lies_in_the_future(database: str, kind: str, *, snapshot: bool) -> None:
    ahead = run(kind, MIDNIGHT - DAY, MIDNIGHT + 30 * DAY, at=MIDNIGHT)
    with pytest.raises(ContractError, match=r"ends at 2026-04-09 00:00 UTC, which is in the future"):
        choose(database, ahead, snapshot=snapshot)


@pytest.mark.parametrize(
    "form", [{"from": None}, {"from": "2026-03-01T00:00:00Z"}, {"from": "2026-03-11T00:00:00Z"}]
)
def test_a_form_that_reads_into_the_future_is_refused(database: str, form: dict[str, str | None]) -> None:
    with pytest.raises(ContractError, match="which is in the future"):
        choose(database, run("manual", None, None, at=MIDNIGHT), form={**form, "to": "2026-03-12T00:00:00Z"})


def test_a_clock_that_is_a_minute_ahead_ends_the_window_now(database: str) -> None:
    ahead = run("manual", MIDNIGHT - DAY, MIDNIGHT + timedelta(minutes=1), at=MIDNIGHT)
    assert choose(database, ahead) == Window(BEGINNING, MIDNIGHT)


def test_windows_that_were_booked_into_the_future_are_cut_at_the_moment_of_reading(database: str) -> None:
    """What the migration does with the books of an earlier version."""
    now = datetime.now(UTC)
    cover(database, Window(BEGINNING, now + 90 * DAY))
    cover(database, Window(now + 90 * DAY, now + 120 * DAY))
    with Database(database).transaction() as connection:
        connection.execute((FOLDER / "0005_coverage.sql").read_text().partition("-- From which")[0].encode())
        system, resource = pick(ChangedBetween)
        covered = find_covered_until(connection, system, resource, start=BEGINNING, before=now + 365 * DAY)
    assert covered is not None
    assert now <= covered < now + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("end", "began", "is_backfill", "said"),
    [
        (MIDNIGHT, MIDNIGHT, False, None),
        (MIDNIGHT, MIDNIGHT + 10 * timedelta(minutes=30), False, None),
        (MIDNIGHT + timedelta(minutes=30), MIDNIGHT + timedelta(minutes=30), False, None),
        (MIDNIGHT, MIDNIGHT + DAY, False, "an earlier night again"),
        (MIDNIGHT - DAY, MIDNIGHT + timedelta(minutes=30), False, "an earlier night again"),
        (MIDNIGHT, MIDNIGHT, True, "only fills"),
    ],
    ids=["night", "late", "by hand", "cleared a night later", "cleared two nights later", "backfill"],
)
def test_only_the_newest_night_starts_what_follows(
    end: datetime, began: datetime, *, is_backfill: bool, said: str | None
) -> None:
    run = Run(began_at=began, start=end - DAY, end=end, is_backfill=is_backfill)
    reason = refuse_announcement(run)
    assert reason is None if said is None else said in str(reason)
