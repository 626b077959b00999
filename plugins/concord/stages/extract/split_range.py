"""Splits a range of days into the windows that a backfill reads, resource by resource."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from concord.contract import ChangedBetween, Resource, System, Window
from concord.errors import ConfigurationError
from concord.monitoring.watch import due_until
from concord.settings import read_schedule

STEPS = ("day", "week", "month", "all")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The days of the business that somebody wants to read again, from `first` to `last`, both included.

    `resources` are names of resources, none named means all. `step` is one of STEPS, None for each resource's own.
    """

    first: date
    last: date
    resources: frozenset[str] = frozenset()
    step: str | None = None

    def window(self, now: datetime) -> Window:
        """The span of these days; of today only what is over at `now`.

        Raises `ConfigurationError` for days in the wrong order or in the future, and for an unknown step.
        """
        if self.last < self.first:
            raise ConfigurationError(f"The last day, {self.last}, lies before the first, {self.first}.")
        schedule = read_schedule()
        if self.last > schedule.day_of(now):
            raise ConfigurationError(
                f"{self.last} lies in the future; the last day that can be read is today, "
                f"{schedule.day_of(now)} ({schedule.zone.key}), up to this moment."
            )
        if self.step not in (None, *STEPS):
            raise ConfigurationError(f"There is no step {self.step!r}; choose among {', '.join(STEPS)}.")
        return Window(schedule.begin_of(self.first), min(schedule.begin_of(self.last + DAY), now))


@dataclass(frozen=True, slots=True)
class ResourceWindow:
    """One window of one resource."""

    resource: str
    window: Window


def split_range(system: System, wanted: Range, now: datetime) -> list[ResourceWindow]:
    """The windows to read of a system, resource by resource, the earliest first.

    A resource that cannot be asked for a span is read once, as it is now, and only if the range reaches into the
    newest night. Raises the errors of `Range.window`.
    """
    span = wanted.window(now)
    resources = [item for item in system.resources if not wanted.resources or item.name in wanted.resources]
    return [
        ResourceWindow(resource.name, window)
        for resource in resources
        for window in _split(resource, span, wanted.step, now)
    ]


def refuse_unknown_resources(systems: Sequence[System], wanted: Iterable[str]) -> None:
    """Raise `ConfigurationError` for names that no resource of these systems has."""
    known = {resource.name for system in systems for resource in system.resources}
    if unknown := sorted(set(wanted) - known):
        raise ConfigurationError(
            f"There is no resource {', '.join(unknown)} in {', '.join(system.name for system in systems)}; "
            f"there are {', '.join(sorted(known))}."
        )


def _split(resource: Resource, span: Window, step: str | None, now: datetime) -> list[Window]:
    if not isinstance(resource.changes, ChangedBetween):
        return [span] if span.end >= due_until(now) else []
    cuts = [*_cuts(span, step or resource.changes.backfill_step), span.end]
    return [Window(start, end) for start, end in pairwise(cuts)]


def _cuts(span: Window, step: str) -> Iterator[datetime]:
    """Where the windows of a span begin: with days of the business, months with their first day."""
    schedule = read_schedule()
    moment = span.start
    while moment < span.end:
        yield moment
        moment = span.end if step == "all" else schedule.begin_of(_next_day(schedule.day_of(moment), step))


def _next_day(day: date, step: str) -> date:
    """The first day of the next window; `step` is a day, week or month."""
    if step == "month":
        return (day.replace(day=1) + 32 * DAY).replace(day=1)
    return day + (DAY if step == "day" else 7 * DAY)
