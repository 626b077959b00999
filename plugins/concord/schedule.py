"""When a business reads, reconciles and reports: its hours, time zone and weekdays."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The hours of a night, on the clocks of `zone`; `weekdays` are those on which systems are read, Monday is 0.

    Reconcile and the report are later in the same night: an hour before `read_at` is one of the next day.
    """

    zone: ZoneInfo = UTC_ZONE
    read_at: time = time(0)
    reconcile_at: time = time(2)
    report_at: time = time(4)
    weekdays: frozenset[int] = frozenset(range(7))

    def read_cron(self, delay: timedelta = timedelta(0)) -> str:
        """When systems are read, as a cron expression; `delay` is less than a day later."""
        start = datetime.combine(date.min, self.read_at)
        return self._cron((start + delay).time())

    def reconcile_cron(self) -> str:
        """When reconcile starts at the latest, as a cron expression."""
        return self._cron(self.reconcile_at)

    def report_cron(self) -> str:
        """When the report starts at the latest, as a cron expression."""
        return self._cron(self.report_at)

    def newest_reading(self, moment: datetime) -> datetime:
        """When systems were to be read most recently, at `moment` or before; in UTC."""
        return next(found for day in self._days_back(moment) if (found := self._on(day, self.read_at)) <= moment)

    def settled_reading(self, moment: datetime) -> datetime:
        """The newest reading whose night has come to its reconcile at `moment`; in UTC."""
        later = DAY if self.reconcile_at < self.read_at else timedelta(0)
        return next(
            self._on(day, self.read_at)
            for day in self._days_back(moment)
            if self._on(day + later, self.reconcile_at) <= moment
        )

    def begin_of(self, day: date) -> datetime:
        """The moment at which a day of the business begins; in UTC."""
        return self._on(day, time(0))

    def day_of(self, moment: datetime) -> date:
        """The day of the business in which a moment lies."""
        return moment.astimezone(self.zone).date()

    def _days_back(self, moment: datetime) -> Iterator[date]:
        """The days on which systems are read, the newest first; a night may have begun on the day before."""
        newest = self.day_of(moment)
        days = (newest - count * DAY for count in range(16))
        return (day for day in days if day.weekday() in self.weekdays)

    def _on(self, day: date, hour: time) -> datetime:
        """An hour of a day in UTC, as Airflow understands it when clocks change.

        An hour that the clocks skip is one hour later, and of an hour that comes twice the second is meant.
        """
        local = datetime.combine(day, hour, self.zone)
        return max(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))

    def _cron(self, hour: time) -> str:
        if len(self.weekdays) == len(WEEKDAYS):
            return f"{hour.minute} {hour.hour} * * *"
        later = 1 if hour < self.read_at else 0
        # Sunday is 0 for cron.
        days = sorted((day + 1 + later) % 7 for day in self.weekdays)
        return f"{hour.minute} {hour.hour} * * {','.join(map(str, days))}"
