"""Batches: what was landed together, and which windows are covered."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import LiteralString

from psycopg import sql

from concord.contract import Batch, Resource, System, Window
from concord.store.engine import Connection, Row, fetch_rows, fetch_value, lock_name
from concord.store.tables import landing_table, validated_table

_OPEN = """
insert into ops.batches (batch_id, system, resource, purpose, covered_window, state)
values (%s, %s, %s, %s, %s::tstzrange, 'landed')
on conflict (batch_id) do update
set state = 'landed', purpose = excluded.purpose, received = 0, validated = 0, quarantined = 0, repeated = 0,
    covered_window = excluded.covered_window, asked_until = null, clock_behind = '0', future_stamps = 0,
    looked_up = 0, is_key_list_complete = false, whole_fields = null, reason = null,
    landed_at = clock_timestamp(), finished_at = null
"""
_LOCK = """
select state, purpose, received, validated, quarantined, repeated from ops.batches where batch_id = %s for update
"""
_CLOSE = """
update ops.batches set state = 'covered', finished_at = clock_timestamp(), closed_by = pg_current_xact_id(),
    validated = counted.validated, quarantined = counted.quarantined, repeated = counted.repeated
from (
    select
        count(*) filter (where disposition = 'validated') as validated,
        count(*) filter (where disposition = 'quarantined') as quarantined,
        count(*) filter (where disposition = 'repeated') as repeated
    from ops.dispositions where batch_id = %(batch)s
) as counted
where batch_id = %(batch)s
returning received, counted.validated, counted.quarantined, counted.repeated
"""
_REFUSE = """
update ops.batches set state = 'refused', reason = %s, finished_at = clock_timestamp() where batch_id = %s
"""
_COVERED_UNTIL = """
select upper(span) from (
    select unnest(range_agg(covered_window)) as span
    from ops.batches
    where system = %(system)s and resource = %(resource)s and state = 'covered' and purpose = 'window'
        and coalesce(asked_until, upper(covered_window)) < %(before)s
) as spans
where lower(span) <= %(start)s and upper(span) > %(start)s
"""
_EXPECT = """
insert into ops.coverage_starts (system, resource, starts_at) values (%s, %s, %s)
on conflict (system, resource) do update set starts_at = excluded.starts_at
where ops.coverage_starts.starts_at <> excluded.starts_at
"""
_IS_NEWEST = """
select not exists (
    select 1 from ops.batches
    where system = %s and resource = %s and state = 'covered' and purpose = 'window'
        and coalesce(asked_until, upper(covered_window)) > %s
)
"""
_IS_LONG = """
select upper(covered_window) - lower(covered_window) >= interval '20 hours' from ops.batches where batch_id = %s
"""
_IS_STEADY = """
select count(*) >= %(days)s and min(by_window) >= %(least)s
from (
    select received - looked_up as by_window from ops.batches
    where system = %(system)s and resource = %(resource)s and state = 'covered' and purpose = 'window'
        and upper(covered_window) < (select upper(covered_window) from ops.batches where batch_id = %(batch)s)
        and upper(covered_window) - lower(covered_window) >= interval '20 hours'
    order by upper(covered_window) desc limit %(days)s
) as recent
"""
_NEWEST = """
select
    system, resource,
    max(asked) filter (where state = 'covered') as read_until,
    (array_agg(state order by asked desc, landed_at desc))[1] as state,
    coalesce((array_agg(reason order by asked desc, landed_at desc))[1], '') as reason
from ops.batches cross join lateral coalesce(asked_until, upper(covered_window)) as asked
where purpose = 'window'
group by system, resource
"""
_TOTALS: LiteralString = """
select
    system, resource, count(*) as batches,
    count(*) filter (where state = 'refused') as refused,
    coalesce(sum(received) filter (where state = 'covered'), 0)::bigint as received,
    coalesce(sum(validated) filter (where state = 'covered'), 0)::bigint as validated,
    coalesce(sum(quarantined) filter (where state = 'covered'), 0)::bigint as quarantined,
    coalesce(sum(repeated) filter (where state = 'covered'), 0)::bigint as repeated,
    max(upper(covered_window)) filter (where state = 'covered' and purpose = 'window') as covered_until,
    max(reason) filter (where state = 'refused') as refusal,
    max(clock_behind) as clock_behind, max(future_stamps) as future_stamps
from ops.batches
where landed_at >= %s and landed_at < %s and purpose <> 'read_back'
group by system, resource
order by system, resource
"""
_GAPS: LiteralString = """
select system, resource, lower(missing_window) as start, upper(missing_window) as end
from ops.coverage_gaps
order by system, resource, 3
"""


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """What became of a batch's records; the first number is the sum of the others."""

    received: int
    validated: int
    quarantined: int
    repeated: int


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """How far a batch is (`landed`, `covered` or `refused`) and what it was read for (`window`, ...)."""

    state: str
    purpose: str
    counts: BatchCounts


def open_batch(connection: Connection, batch: Batch, *, purpose: str, window: Window | None) -> None:
    """Begin a batch, or begin it anew: the dispositions and listed keys it had are deleted.

    The purpose is `window`, `sample`, `read_back` or `replay`; only a batch for a window has one. Another
    transaction that opens the same batch waits for the end of this one.
    """
    lock_name(connection, batch.batch_id)
    span = None if window is None else str(window)
    connection.execute(_OPEN, (batch.batch_id, batch.system.name, batch.resource.name, purpose, span))
    connection.execute("delete from ops.dispositions where batch_id = %s", (batch.batch_id,))
    connection.execute("delete from ops.listed_keys where batch_id = %s", (batch.batch_id,))


def record_received(connection: Connection, batch_id: str, received: int) -> None:
    """Write down how many records were landed."""
    connection.execute("update ops.batches set received = %s where batch_id = %s", (received, batch_id))


def record_looked_up(connection: Connection, batch_id: str, looked_up: int) -> None:
    """Write down how many of the landed records came by their key and not by the window."""
    connection.execute("update ops.batches set looked_up = %s where batch_id = %s", (looked_up, batch_id))


def count_by_window(connection: Connection, batch_id: str) -> int:
    """How many of the batch's records came by its window."""
    return int(
        fetch_value(connection, "select received - looked_up from ops.batches where batch_id = %s", (batch_id,))
    )


def lock_batch(connection: Connection, batch_id: str) -> StoredBatch | None:
    """The batch, locked until the transaction ends; None when it was never landed."""
    row = connection.execute(_LOCK, (batch_id,)).fetchone()
    return None if row is None else StoredBatch(str(row[0]), str(row[1]), _as_counts(row[2:]))


def has_landed(connection: Connection, batch: Batch) -> bool:
    """Whether any record of the batch lies in the landing table."""
    query = sql.SQL("select exists (select from {landing} where _batch_id = %s)").format(
        landing=landing_table(batch.system, batch.resource)
    )
    return bool(fetch_value(connection, query, (batch.batch_id,)))


def close_batch(connection: Connection, batch_id: str) -> BatchCounts:
    """Count the dispositions and mark the window covered; the database refuses counts that do not balance."""
    return _as_counts(connection.execute(_CLOSE, {"batch": batch_id}).fetchone() or ())


def _as_counts(row: tuple[object, ...]) -> BatchCounts:
    return BatchCounts(*(int(str(count)) for count in row))


def refuse_batch(connection: Connection, batch_id: str, reason: str) -> None:
    """Mark the batch as refused as a whole."""
    connection.execute(_REFUSE, (reason, batch_id))


def accept_volume(connection: Connection, batch_id: str) -> None:
    """Keep with the batch that a person found its number of records right."""
    connection.execute("update ops.batches set is_volume_accepted = true where batch_id = %s", (batch_id,))


def is_volume_accepted(connection: Connection, batch_id: str) -> bool:
    """Whether a person found the number of records of this batch right."""
    return bool(
        fetch_value(connection, "select is_volume_accepted from ops.batches where batch_id = %s", (batch_id,))
    )


def find_covered_until(
    connection: Connection, system: System, resource: Resource, *, start: datetime, before: datetime
) -> datetime | None:
    """Where the unbroken stretch of covered windows ends that contains `start`; None when none contains it.

    Windows that were asked for to `before` or later do not count.
    """
    names = {"system": system.name, "resource": resource.name}
    rows = fetch_rows(connection, _COVERED_UNTIL, {**names, "start": start, "before": before})
    return rows[0]["upper"] if rows else None


def expect_coverage(connection: Connection, system: System, resource: Resource, start: datetime) -> None:
    """Keep from which moment on the resource must be covered; `ops.coverage_gaps` compares with it."""
    connection.execute(_EXPECT, (system.name, resource.name, start))


def is_newest_window(connection: Connection, batch: Batch, window: Window) -> bool:
    """Whether no covered window of the resource was asked for to a later end than this one."""
    return bool(fetch_value(connection, _IS_NEWEST, (batch.system.name, batch.resource.name, window.end)))


def begins_at(connection: Connection, batch_id: str, moment: datetime) -> bool:
    """Whether the batch's window begins at this moment or earlier."""
    query = "select lower(covered_window) <= %s from ops.batches where batch_id = %s"
    return bool(fetch_value(connection, query, (moment, batch_id)))


def is_long_window(connection: Connection, batch_id: str) -> bool:
    """Whether the batch's window spans at least 20 hours."""
    return bool(fetch_value(connection, _IS_LONG, (batch_id,)))


def has_steady_history(connection: Connection, batch: Batch, *, days: int, least: int) -> bool:
    """Whether each of the `days` long windows that end before this batch's brought at least `least` records.

    Records that were looked up by their key, and windows of later days, say nothing of the batch.
    """
    names = {"system": batch.system.name, "resource": batch.resource.name, "batch": batch.batch_id}
    return bool(fetch_value(connection, _IS_STEADY, {**names, "days": days, "least": least}))


def list_newest(connection: Connection) -> list[Row]:
    """Per system and resource that was ever read for a window, in no order: how its newest window ended.

    Columns: system, resource, read_until (None when nothing was accepted), state, reason (empty without one).
    """
    return fetch_rows(connection, _NEWEST)


def sum_batches(connection: Connection, since: datetime, until: datetime) -> list[Row]:
    """Per system and resource, by name: the batches landed in [since, until), those read back left out.

    Columns: system, resource, batches, refused, then received, validated, quarantined and repeated of the covered
    ones, covered_until, refusal (the reason of one that was refused), clock_behind, future_stamps.
    """
    return fetch_rows(connection, _TOTALS, (since, until))


def list_gaps(connection: Connection) -> list[Row]:
    """Spans that were not read, up to the newest covered moment: system, resource, start, end, in this order."""
    return fetch_rows(connection, _GAPS)


def count_held(connection: Connection, system: System, resource: Resource, *, of_batch: str = "") -> int:
    """How many records the validated table holds that are not marked as deleted.

    With `of_batch` only those count that changed before the end of that batch's window.
    """
    table = validated_table(system, resource)
    query = sql.SQL("select count(*) from {} where not _is_deleted").format(table)
    if not of_batch:
        return int(fetch_value(connection, query))
    before = "(select upper(covered_window) from ops.batches where batch_id = %s)"
    return int(fetch_value(connection, query + sql.SQL(" and _modified_at < " + before), (of_batch,)))


def sum_held(connection: Connection, system: System, resource: Resource, field: str) -> Decimal:
    """The sum of a number over the records of the validated table, without signs and without deleted records."""
    query = sql.SQL("select coalesce(sum(abs({})), 0) from {} where not _is_deleted").format(
        sql.Identifier(field), validated_table(system, resource)
    )
    return Decimal(fetch_value(connection, query))
