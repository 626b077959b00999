"""The hours of the business, and that Airflow and Concord understand them alike when clocks change."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable
from airflow.timetables.trigger import CronTriggerTimetable
from airflow.utils.types import DagRunType

from concord.errors import ConfigurationError
from concord.monitoring.watch import due_until
from concord.orchestration.nights import NightTimetable
from concord.schedule import Schedule
from concord.settings import read_schedule, read_start

DAY = timedelta(days=1)
NIGHTS = [  # a few days before the clocks change, and the UTC hours at which the days before and after begin
    pytest.param("Europe/Berlin", datetime(2026, 3, 27, tzinfo=UTC), 23, 22, id="Berlin, spring"),
    pytest.param("Europe/Berlin", datetime(2026, 10, 23, tzinfo=UTC), 22, 23, id="Berlin, autumn"),
    pytest.param("America/New_York", datetime(2026, 3, 6, tzinfo=UTC), 5, 4, id="New York, spring"),
    pytest.param("America/New_York", datetime(2026, 10, 30, tzinfo=UTC), 4, 5, id="New York, autumn"),
]
HOURS = [time(0), time(1, 30), time(2), time(2, 30), time(3), time(22)]


def intervals(schedule: Schedule, start: datetime, count: int = 8) -> Iterator[DataInterval]:
    timetable = CronDataIntervalTimetable(schedule.read_cron(), timezone=schedule.zone.key)
    restriction = TimeRestriction(earliest=pendulum.instance(start), latest=None, catchup=True)
    last = None
    for _ in range(count):
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        assert info is not None
        last = info.data_interval
        yield last


def triggers(schedule: Schedule, cron: str, start: datetime, count: int = 8) -> Iterator[datetime]:
    timetable = CronTriggerTimetable(cron, timezone=schedule.zone.key)
    restriction = TimeRestriction(earliest=pendulum.instance(start), latest=None, catchup=True)
    last = None
    for _ in range(count):
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        assert info is not None
        last = info.data_interval
        yield info.run_after


@pytest.mark.parametrize(("zone", "start", "before", "after"), NIGHTS)
def test_a_day_of_the_business_is_read_once_and_whole(zone: str, start: datetime, before: int, after: int) -> None:
    found = list(intervals(Schedule(zone=ZoneInfo(zone)), start))
    assert all(one.end == other.start for one, other in pairwise(found))
    assert {interval.start.astimezone(UTC).hour for interval in found} == {before, after}
    lengths = sorted({(interval.end - interval.start).total_seconds() / 3600 for interval in found})
    assert lengths == ([23, 24] if after < before else [24, 25])
    assert all(interval.start.astimezone(ZoneInfo(zone)).hour == 0 for interval in found)


@pytest.mark.parametrize("read_at", HOURS, ids=str)
@pytest.mark.parametrize(("zone", "start", "before", "after"), NIGHTS)
def test_what_is_due_is_what_airflow_has_read(
    zone: str, start: datetime, before: int, after: int, read_at: time
) -> None:
    schedule = Schedule(zone=ZoneInfo(zone), read_at=read_at, reconcile_at=time((read_at.hour + 2) % 24, 30))
    ends = {interval.end.astimezone(UTC) for interval in intervals(schedule, start)}
    reconciled = list(triggers(schedule, schedule.reconcile_cron(), start + 2 * DAY, 5))
    for moment in reconciled:
        due = schedule.settled_reading(moment)
        assert due in ends, "Airflow has no window that ends there"
        assert moment - due <= timedelta(hours=4), "the night before was due"
        assert schedule.newest_reading(moment) == due
        assert schedule.settled_reading(moment - timedelta(minutes=1)) < due


@pytest.mark.parametrize("read_at", HOURS, ids=str)
@pytest.mark.parametrize(("zone", "start", "before", "after"), NIGHTS)
def test_a_run_is_named_by_the_day_that_it_holds(
    zone: str, start: datetime, before: int, after: int, read_at: time
) -> None:
    schedule = Schedule(zone=ZoneInfo(zone), read_at=read_at)
    timetable = NightTimetable(schedule.read_cron(), timezone=zone)
    names = [
        timetable.generate_run_id(run_type=DagRunType.SCHEDULED, run_after=found.end, data_interval=found)
        for found in intervals(schedule, start)
    ]
    middles = [found.start + (found.end - found.start) / 2 for found in intervals(schedule, start)]
    days = [f"{middle.astimezone(ZoneInfo(zone)):%Y-%m-%d}" for middle in middles]
    assert [name.removeprefix("scheduled__")[:10] for name in names] == days
    assert len(set(days)) == len(names)
    by_hand = timetable.generate_run_id(
        run_type=DagRunType.MANUAL, run_after=pendulum.instance(start), data_interval=None
    )
    assert by_hand == f"manual__{start.isoformat()}"


@pytest.mark.parametrize(
    ("read_at", "reconcile_at", "reading", "reconciling"),
    [
        (time(0), time(2), "0 0 * * 1,2,3,4,5", "0 2 * * 1,2,3,4,5"),
        (time(22), time(1), "0 22 * * 1,2,3,4,5", "0 1 * * 2,3,4,5,6"),
    ],
)
def test_the_weekdays_are_those_of_the_reading(
    read_at: time, reconcile_at: time, reading: str, reconciling: str
) -> None:
    schedule = Schedule(read_at=read_at, reconcile_at=reconcile_at, weekdays=frozenset(range(5)))
    assert (schedule.read_cron(), schedule.reconcile_cron()) == (reading, reconciling)
    sunday = datetime(2026, 3, 8, 12, tzinfo=UTC)
    friday = datetime(2026, 3, 6, read_at.hour, tzinfo=UTC)
    assert schedule.settled_reading(sunday) == friday, "Friday's reading is not stale at the weekend"


def test_a_system_that_is_read_last_may_begin_on_the_next_day() -> None:
    schedule = Schedule(read_at=time(23, 45), weekdays=frozenset({6}))
    assert schedule.read_cron() == "45 23 * * 0"
    assert schedule.read_cron(timedelta(minutes=30)) == "15 0 * * 1"


def test_the_environment_names_the_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_schedule() == Schedule()
    settings = {"TIME_ZONE": "America/New_York", "READ_AT": "01:15", "WEEKDAYS": "Sat-Mon, wed"}
    for name, value in settings.items():
        monkeypatch.setenv(f"CONCORD_{name}", value)
    schedule = read_schedule()
    assert schedule.read_cron() == "15 1 * * 0,1,3,6"
    assert due_until(datetime(2026, 3, 10, 5, 59, tzinfo=UTC)) == datetime(2026, 3, 9, 5, 15, tzinfo=UTC)
    assert due_until(datetime(2026, 3, 9, 5, 59, tzinfo=UTC)) == datetime(2026, 3, 8, 6, 15, tzinfo=UTC)
    monkeypatch.setenv("CONCORD_START", "2026-07-01")
    assert read_start() == datetime(2026, 7, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TIME_ZONE", "Berlin", "CONCORD_TIME_ZONE is 'Berlin', which is not a time zone, like Europe/Berlin."),
        ("READ_AT", "25:00", "CONCORD_READ_AT is '25:00', which is not an hour, like 00:30."),
        ("REPORT_AT", "04:00:30", "CONCORD_REPORT_AT is '04:00:30', which is not an hour"),
        ("WEEKDAYS", "mon-tues", "CONCORD_WEEKDAYS is 'mon-tues', which is not weekdays"),
    ],
)
def test_an_hour_that_cannot_be_read_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"CONCORD_{name}", value)
    with pytest.raises(ConfigurationError) as raised:
        read_schedule()
    assert raised.value.message.startswith(sentence)
