"""Which window a night reads: from where coverage ends, so that lost nights heal, to the run's interval end."""

from datetime import UTC, datetime, timedelta

from concord.contract import ChangedBetween, Resource, System, Window
from concord.store.engine import LOADER, Database

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

_COVERED_UNTIL = """
select upper(span) from (
    select unnest(range_agg(covered_window)) as span
    from ops.batches
    where system = %s and resource = %s and state = 'covered' and purpose = 'window'
        and upper(covered_window) < %s
) as spans
order by lower(span)
limit 1
"""


def plan_window(
    database: Database, system: System, resource: Resource, *, interval_start: datetime, interval_end: datetime
) -> Window:
    """The window a run with this data interval reads.

    It starts where the first unbroken stretch of coverage ends, minus the overlap, and never later than the
    run's interval; without coverage it starts at the beginning. Batches that end with this very run do not
    count, so that a run repeated reads the same window again. A snapshot covers its window by its state.
    """
    with database.transaction(LOADER) as connection:
        row = connection.execute(_COVERED_UNTIL, (system.name, resource.name, interval_end)).fetchone()
    covered_until = row[0] if row else None
    if not isinstance(covered_until, datetime):
        return Window(BEGINNING, interval_end)
    start = min(covered_until, interval_start) if interval_start < interval_end else covered_until
    overlap = resource.changes.overlap if isinstance(resource.changes, ChangedBetween) else timedelta(0)
    return Window(max(start - overlap, BEGINNING), interval_end)
