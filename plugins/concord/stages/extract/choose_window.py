"""Which window a run reads: a night from where coverage ends, a backfill its own interval, a form its own span."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from concord.contract import ChangedBetween, Resource, System, Window
from concord.errors import ContractError
from concord.monitoring.watch import due_until
from concord.settings import read_start
from concord.store.engine import LOADER, Connection, Database
from concord.store.ledger.batches import expect_coverage, find_covered_until

# How far the clock of the machine that starts a run may be ahead of the clock of the machine that reads.
CLOCK_DIFFERENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a scheduler says of a run: when it began, and the data interval it stands for.

    `start` is None for a run without an interval, which stands for the day of its end. `read_from` and `read_to`
    are the span that a person asked for in the run's form, None where the form was left empty.
    """

    began_at: datetime
    start: datetime | None
    end: datetime
    is_backfill: bool = False
    read_from: datetime | None = None
    read_to: datetime | None = None

    @property
    def interval_start(self) -> datetime:
        """Where the data interval begins."""
        return self.start or self.end.replace(hour=0, minute=0, second=0, microsecond=0)


def choose_window(database: Database, system: System, resource: Resource, run: Run) -> Window | None:
    """A backfill reads its own interval, a form its own span, a night from where coverage ends.

    A resource that cannot be asked for a span is read as it is now: it gets the window of a night, and None for a
    backfill of a past night. Raises `ContractError` for a span that ends before it begins or in the future.
    """
    has_spans = isinstance(resource.changes, ChangedBetween)
    if has_spans:
        with database.transaction(LOADER) as connection:
            expect_coverage(connection, system, resource, read_start())
    if run.is_backfill and run.end < due_until(run.began_at) and not has_spans:
        return None
    end = end_in_the_past(run.read_to or run.end, run.began_at)
    if run.is_backfill and has_spans:
        return Window(run.interval_start, end)
    if run.read_from and has_spans:
        return Window(run.read_from, end)
    start = min(run.interval_start, end)
    return continue_coverage(database, system, resource, interval_start=start, interval_end=end)


def end_in_the_past(end: datetime, now: datetime) -> datetime:
    """The end of a window, or this moment where the clock that named the end is a little ahead of ours.

    Raises `ContractError` for an end in the future: what will change until then cannot be read yet.
    """
    if end > now + CLOCK_DIFFERENCE:
        raise ContractError(
            f"The span to read ends at {end.astimezone(UTC):%Y-%m-%d %H:%M} UTC, which is in the future "
            f"(now: {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC). A day can be read when it is over; "
            "name an earlier end, or none to read up to now."
        )
    return min(end, now)


def read_moment(text: str) -> datetime:
    """A moment from a form, in UTC where it names no zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def continue_coverage(
    database: Database, system: System, resource: Resource, *, interval_start: datetime, interval_end: datetime
) -> Window:
    """The window a nightly run with this data interval reads; a night that was missed is read with it.

    If coverage is unbroken from the start of the installation to some moment, the window starts at that moment,
    minus the overlap, and never later than the run's interval. Otherwise it starts at the start of the
    installation, even if a later span is covered. Batches that end with this run do not count, so that a repeated
    run reads the same window again. A snapshot has no overlap: its state stands for the whole window.
    """
    beginning = read_start()
    with database.transaction(LOADER) as connection:
        covered_until = find_covered_until(connection, system, resource, start=beginning, before=interval_end)
    if covered_until is None:
        return Window(beginning, interval_end)
    start = min(covered_until, interval_start) if interval_start < interval_end else covered_until
    overlap = resource.changes.overlap if isinstance(resource.changes, ChangedBetween) else timedelta(0)
    return Window(max(start - overlap, beginning), interval_end)


def is_covered_before(connection: Connection, system: System, resource: Resource, window: Window) -> bool:
    """Whether everything from the start of the installation to the start of this window has been read."""
    beginning = read_start()
    if window.start <= beginning:
        return True
    covered_until = find_covered_until(connection, system, resource, start=beginning, before=window.end)
    return covered_until is not None and covered_until >= window.start
