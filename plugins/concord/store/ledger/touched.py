"""What was touched since a phase of a night has worked last, and what it works on now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from concord.contract import Resource, System
from concord.store.engine import Connection, fetch_rows, fetch_value
from concord.store.tables import considered_view, create_considered_view, table_name, validated_table

_RECORDS = """
insert into touched.records (system, resource, record_key, round)
select {system}, {resource}, held._key, 0 from {table} as held
where held._batch_id in (
    select batch_id from ops.batches
    where system = {system} and resource = {resource} and closed_by >= %(since)s::xid8
)
union
select {system}, {resource}, record_key, 0 from ops.touched
where system = {system} and resource = {resource} and written_by >= %(since)s::xid8
on conflict do nothing
"""
_COMPLETE = """
insert into ops.scopes (phase, fingerprint, seen_until, begun_at) values (%s, %s, %s::text::xid8, %s)
on conflict (phase) do update
set fingerprint = excluded.fingerprint, seen_until = excluded.seen_until, begun_at = excluded.begun_at,
    completed_at = clock_timestamp()
"""
_UNCHANGED = """
select exists (
    select from ops.scopes as known
    where known.phase = %s and known.fingerprint = %s
        and not exists (select from ops.batches where closed_by >= known.seen_until)
        and not exists (select from ops.touched where written_by >= known.seen_until)
)
"""
_FORGET = "delete from ops.touched where written_by < (select min(seen_until) from ops.scopes)"
_NARROW = """
drop table if exists {copy};
create table {copy} as select * from {table} where false;
create or replace view {scope} as select * from {copy}
"""
_COPY = """
insert into {copy} select held.* from {table} as held
inner join touched.records as known
    on known.system = {system} and known.resource = {resource} and known.record_key = held._key
where known.round > %(copied)s
"""
_IDENTITIES = """
create or replace view scope.identities as
select known.* from ops.identities as known
where known.entity <> 'customer' or known.golden_id in (select golden_id from touched.customers)
"""
_GLOBAL = """
select coalesce(string_agg(told, ' ' order by told), '') from (
    select concat_ws('/', system, resource, bool_or(state = 'covered')) as told from ops.batches
    where purpose = 'window' group by system, resource
    union all
    select concat_ws('/', system, field, is_awaited) from ops.unread_fields
) as facts
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to where a phase has worked: the transaction from which on changes are new, and when it began."""

    until: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """Now: the oldest transaction that may still be open, and the time."""

    transaction: str
    at: datetime


def find_built(connection: Connection, phases: Sequence[str], fingerprint: str) -> dict[str, Seen]:
    """Up to where each of the phases has worked with the project as it is; empty where the first has not."""
    query = "select phase, seen_until::text as until, begun_at from ops.scopes where fingerprint = %s"
    found = {row.pop("phase"): Seen(**row) for row in fetch_rows(connection, query, (fingerprint,))}
    return {phase: found[phase] for phase in phases if phase in found} if phases[0] in found else {}


def is_unchanged(connection: Connection, phase: str, fingerprint: str) -> bool:
    """Whether a phase has worked with the project as it is in all that was read, corrected or set aside."""
    return bool(fetch_value(connection, _UNCHANGED, (phase, fingerprint)))


def oldest(built: Iterable[Seen]) -> Seen:
    """What all of these have seen."""
    return min(built, key=lambda seen: int(seen.until))


def read_moment(connection: Connection) -> Moment:
    """Whatever is committed later has a transaction that is this one or a later one."""
    rows = fetch_rows(
        connection,
        "select pg_snapshot_xmin(pg_current_snapshot())::text as transaction, clock_timestamp() as at",
    )
    return Moment(**rows[0])


def describe_reading(connection: Connection) -> str:
    """What is known of whole resources and fields: which were read, and which are not known of all records."""
    return str(fetch_value(connection, _GLOBAL))


def take_changed(connection: Connection, system: System, resource: Resource, *, since: str) -> int:
    """Add the resource's records that changed since; returns how many."""
    statement = sql.SQL(_RECORDS).format(
        system=sql.Literal(system.name),
        resource=sql.Literal(resource.name),
        table=validated_table(system, resource),
    )
    return connection.execute(statement, {"since": since}).rowcount


def touch_customers(connection: Connection, records: Iterable[tuple[str, str]]) -> None:
    """Keep that it may be told anew whom these customer records belong to; each is a system and a key."""
    statement = "insert into ops.touched (system, resource, record_key) values (%s, 'customer', %s)"
    for system, key in records:
        connection.execute(statement, (system, key))


def complete(connection: Connection, phases: Iterable[str], *, fingerprint: str, moment: Moment) -> None:
    """Keep that phases have worked in what was committed before the moment; forget what all of them have seen."""
    for phase in phases:
        connection.execute(_COMPLETE, (phase, fingerprint, moment.transaction, moment.at))
    connection.execute(_FORGET)
    connection.execute("truncate touched.customers, touched.orders, touched.records, touched.texts")


def forget(connection: Connection, phases: Sequence[str]) -> None:
    """Let these phases work on all records next."""
    connection.execute("delete from ops.scopes where phase = any(%s)", ([*phases],))


def narrow(connection: Connection, systems: Iterable[System], is_whole: Iterable[str]) -> None:
    """Let models see no record but those that `copy_touched` adds; of `is_whole` tables they see all."""
    whole = {*is_whole}
    connection.execute("update ops.scope set is_narrow = true")
    connection.execute(_IDENTITIES)
    for system in systems:
        for resource in system.resources:
            if table_name(system, resource) not in whole:
                connection.execute(sql.SQL(_NARROW).format(**_names(system, resource)))


def copy_touched(
    connection: Connection, systems: Iterable[System], is_whole: Iterable[str], *, copied: int
) -> None:
    """Let models see the touched records that were found in later rounds than `copied`."""
    whole = {*is_whole}
    for system in systems:
        for resource in system.resources:
            if table_name(system, resource) not in whole:
                names = _names(system, resource)
                connection.execute(sql.SQL(_COPY).format(**names), {"copied": copied})
                connection.execute(sql.SQL("analyze {copy}").format(**names))


def widen(connection: Connection, systems: Iterable[System]) -> None:
    """Let models see all records again."""
    if not fetch_value(connection, "select is_narrow from ops.scope"):
        return
    connection.execute("create or replace view scope.identities as select * from ops.identities")
    for system in systems:
        for resource in system.resources:
            connection.execute(create_considered_view(system, resource))
            connection.execute(sql.SQL("drop table if exists {copy}").format(**_names(system, resource)))
    connection.execute("update ops.scope set is_narrow = false")


def _names(system: System, resource: Resource) -> dict[str, sql.Composable]:
    return {
        "system": sql.Literal(system.name),
        "resource": sql.Literal(resource.name),
        "table": validated_table(system, resource),
        "scope": considered_view(system, resource),
        "copy": sql.Identifier("touched", table_name(system, resource)),
    }
