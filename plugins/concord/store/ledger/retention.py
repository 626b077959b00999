"""What the warehouse keeps only for a time: partitions are made ahead and dropped, and single rows are deleted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from concord.retention import Retention
from concord.store.engine import Connection, Row, fetch_rows, fetch_value

# The part of each partitioned table of the ledger; every table of landing is of the part `landing`.
_PART_OF: Mapping[str, str] = {
    "ops.dispositions": "dispositions",
    "ops.journal": "journal",
    "ops.agreement": "reports",
    "ops.dbt_results": "dbt_results",
    "ops.api_calls": "api_calls",
}
_PARTITIONED = """
select format('%%I.%%I', nspname, relname) as name, nspname = 'landing' as is_landing
from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
where relkind = 'p' and nspname in ('landing', 'ops') order by 1
"""
_DROP = "select partition, bytes from ops.drop_partitions(%s::regclass, %s)"
_KEPT = """
insert into ops.kept_parts as kept (part, kept_since, dropped_bytes) values (%(part)s, %(since)s, %(bytes)s)
on conflict (part) do update
set kept_since = greatest(kept.kept_since, excluded.kept_since),
    dropped_bytes = kept.dropped_bytes + excluded.dropped_bytes
"""
_CLOSED_LETTERS = "delete from ops.dead_letters where state <> 'open' and last_seen_at < %s"
# What created a record stays, so that no plan creates it again; so does what an open dead letter is about.
_CHANGES = """
delete from ops.changes using ops.plans
where plans.plan_id = changes.plan_id and plans.state in ('applied', 'declined') and plans.created_at < %s
    and (changes.action <> 'create' or (changes.record_key is null and changes.state not in ('sent', 'unknown')))
    and not exists (select from ops.journal where journal.change_id = changes.change_id)
    and not exists (
        select from ops.dead_letters as letter
        where letter.change_id = changes.change_id and letter.state = 'open'
    )
"""
_SIZES = """
with parts as (
    select case
            when nspname = 'landing' then 'landing'
            when nspname <> 'ops' then 'records and models'
            else coalesce(%(parts)s::jsonb ->> regexp_replace(relname, '_([0-9]{6}|rest)$', ''), 'books')
        end as part,
        pg_table_size(pg_class.oid) + pg_indexes_size(pg_class.oid) as bytes
    from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'm') and nspname in ('landing', 'ops', 'validated', 'staging', 'intermediate', 'marts')
)
select part, sum(bytes)::bigint as bytes from parts group by part
"""
_MEASURED = """
insert into ops.part_sizes (part, measured_on, bytes, dropped_bytes)
select %(part)s, %(day)s::date, %(bytes)s,
    coalesce((select dropped_bytes from ops.kept_parts where part = %(part)s), 0)
on conflict (part, measured_on) do update
set bytes = excluded.bytes, dropped_bytes = excluded.dropped_bytes
"""
_GROWTH: LiteralString = """
select newest.part, newest.bytes,
    (newest.bytes + newest.dropped_bytes - before.bytes - before.dropped_bytes)
        / nullif(newest.measured_on - before.measured_on, 0) as bytes_per_night,
    kept_parts.kept_since
from (select distinct on (part) * from ops.part_sizes order by part, measured_on desc) as newest
left join lateral (
    select * from ops.part_sizes as earlier
    where earlier.part = newest.part and earlier.measured_on < newest.measured_on
        and earlier.measured_on >= newest.measured_on - 30
    order by earlier.measured_on limit 1
) as before on true
left join ops.kept_parts on kept_parts.part = newest.part
order by newest.bytes desc, newest.part
"""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something that was dropped: a partition with its bytes, rows of a table, or a file."""

    name: str
    bytes: int = 0
    rows: int = 0


def list_partitioned(connection: Connection) -> dict[str, str]:
    """The tables that are partitioned by month, by name, with the part that each belongs to."""
    rows = fetch_rows(connection, _PARTITIONED)
    return {row["name"]: "landing" if row["is_landing"] else _PART_OF[row["name"]] for row in rows}


def make_partitions(connection: Connection, table: str, now: datetime) -> None:
    """Make the partitions that the nights of this month and the next two will write to."""
    connection.execute("select ops.add_partitions(%s::regclass, %s)", (table, now))


def drop_partitions(connection: Connection, table: str, before: datetime) -> list[Dropped]:
    """Drop the partitions that end before a moment, the oldest first."""
    return [
        Dropped(row["partition"], bytes=row["bytes"]) for row in fetch_rows(connection, _DROP, (table, before))
    ]


def delete_rows(connection: Connection, keep: Retention, now: datetime) -> list[Dropped]:
    """Delete closed dead letters, and the changes of closed plans whose journal is no longer kept."""
    dropped = []
    for table, part, statement in (
        ("ops.dead_letters", "dead_letters", _CLOSED_LETTERS),
        ("ops.changes", "journal", _CHANGES),
    ):
        before = now - keep.span(part)
        if count := connection.execute(statement, (before,)).rowcount:
            keep_since(connection, part, before, 0)
            dropped.append(Dropped(table, rows=count))
    return dropped


def keep_since(connection: Connection, part: str, since: datetime, size: int) -> None:
    """Write down that a part is whole from a moment on only, and how many bytes were dropped of it."""
    connection.execute(_KEPT, {"part": part, "since": since, "bytes": size})


def find_kept_since(connection: Connection, part: str) -> datetime | None:
    """From when on a part is whole; None while nothing was dropped of it."""
    found = fetch_value(connection, "select kept_since from ops.kept_parts where part = %s", (part,))
    return found if isinstance(found, datetime) else None


def measure_sizes(connection: Connection, now: datetime, keep: Retention) -> None:
    """Write down how large each part is tonight; measurements older than the journal are deleted."""
    names = {name.removeprefix("ops."): part for name, part in _PART_OF.items()}
    names |= {"changes": "journal", "dead_letters": "dead_letters"}
    rows = fetch_rows(connection, _SIZES, {"parts": json.dumps(names)})
    for row in rows:
        connection.execute(_MEASURED, {**row, "day": now})
    connection.execute("delete from ops.part_sizes where measured_on < %s", (now - keep.span("journal"),))


def list_sizes(connection: Connection) -> list[Row]:
    """The parts as they were measured last, the largest first: part, bytes, bytes_per_night, kept_since.

    The growth is that of up to 30 nights, with what was dropped meanwhile; None before the second measurement.
    """
    return fetch_rows(connection, _GROWTH)
