"""Which window a run reads: a night, a backfill, a form, a hand."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from concord import registry
from concord.contract import ChangedBetween, Resource, Snapshot, Window
from concord.errors import ContractError
from concord.orchestration.tasks import choose_window
from concord.stages.windows import BEGINNING
from concord.store.engine import Database

MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
NO_FORM = {"from": None, "to": None}


def run(kind: str, start: datetime | None, end: datetime | None, *, at: datetime) -> SimpleNamespace:
    return SimpleNamespace(
        run_type=kind, data_interval_start=start, data_interval_end=end, run_after=at, start_date=at
    )


def choose(url: str, run: SimpleNamespace, *, snapshot: bool = False, form: object = NO_FORM) -> Window | None:
    system, resource = pick(Snapshot if snapshot else ChangedBetween)
    return choose_window(Database(url), system, resource, run=run, form=form)


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
