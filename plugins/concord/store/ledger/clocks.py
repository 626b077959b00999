"""Clocks: how far a vendor's is behind ours, and the records whose change stamps lie in the future."""

from datetime import datetime, timedelta

from psycopg import sql

from concord.contract import Batch
from concord.store.engine import Connection, Row, fetch_rows, fetch_value
from concord.store.tables import typed_view

# The last change stamp that is believed: what lies beyond the moment of reading, by the vendor's clock, and the
# overlap says nothing of the order of versions.
LAST_BELIEVED = """
greatest(landed_at, upper(covered_window), asked_until) - clock_behind + %(overlap)s
"""
_RECORD = "update ops.batches set clock_behind = %s where batch_id = %s"
_MOVE = """
update ops.batches
set asked_until = upper(covered_window),
    covered_window = tstzrange(lower(covered_window) - %(earlier)s, least(upper(covered_window), %(until)s))
where batch_id = %(batch)s
"""
_COUNT = """
update ops.batches set future_stamps = (
    select count(*) from {view} as typed
    where typed._batch_id = %(batch)s and typed.{modified} > ({last})
)
where batch_id = %(batch)s
returning future_stamps
"""
_TOLD = """
select system, resource, clock_behind, future_stamps
from (
    select distinct on (system, resource) system, resource, clock_behind, future_stamps
    from ops.batches cross join lateral coalesce(asked_until, upper(covered_window)) as asked
    where purpose = 'window'
    order by system, resource, asked desc, landed_at desc
) as newest
where abs(extract(epoch from clock_behind)) > %s or future_stamps > 0
order by system, resource
"""


def record_clock(connection: Connection, batch_id: str, behind: timedelta) -> None:
    """Write down how far the vendor's clock was behind when the batch was read."""
    connection.execute(_RECORD, (behind, batch_id))


def move_coverage(connection: Connection, batch_id: str, *, earlier: timedelta, until: datetime) -> None:
    """Let the batch cover so much more before its window, and nothing from `until` on."""
    connection.execute(_MOVE, {"batch": batch_id, "earlier": earlier, "until": until})


def count_future_stamps(connection: Connection, batch: Batch, overlap: timedelta) -> int:
    """Count the records whose change stamp is not believed, and keep the number with the batch."""
    assert batch.resource.modified is not None, f"{batch.resource.name} has no change field"
    statement = sql.SQL(_COUNT).format(
        view=typed_view(batch.system, batch.resource),
        modified=sql.Identifier(batch.resource.modified),
        last=sql.SQL(LAST_BELIEVED),
    )
    return int(fetch_value(connection, statement, {"batch": batch.batch_id, "overlap": overlap}))


def list_told(connection: Connection, least: timedelta) -> list[Row]:
    """Of the newest window of each resource: system, resource, clock_behind, future_stamps, by name.

    Only those come of which the clocks differ by more than `least`, or that have stamps in the future.
    """
    return fetch_rows(connection, _TOLD, (least.total_seconds(),))
