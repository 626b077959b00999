"""Dispositions: what became of every record of a batch: validated, quarantined or repeated.

Change stamps order the versions of a record. One that lies in the future orders nothing: among copies of one batch
the last counts then, and the version is as old as its reading, so that every later edit is newer.

The statements of a batch join its records with the temporary table `judged` and not with `ops.dispositions`: there
PostgreSQL has no statistics of rows of the same transaction, and may compare each of them with each.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString

from psycopg import sql

from concord.contract import Batch, ChangedBetween
from concord.store.engine import Connection
from concord.store.ledger.account_fields import find_account
from concord.store.ledger.clocks import LAST_BELIEVED
from concord.store.tables import typed_view, validated_table

_TABLES: LiteralString = """
create temp table faulty (row_number integer primary key, reason text, breaks_contract boolean) on commit drop;
insert into faulty
select row_number, string_agg(distinct reason, '; ' order by reason), bool_or(breaks_contract)
from faults group by row_number;
analyze faulty;
create temp table judged (
    row_number integer primary key, record_key text, disposition text, reason text, payload_hash text,
    breaks_contract boolean
) on commit drop;
"""
_JUDGE = """
insert into judged
with reading as (
    select ({last_believed}) as last_believed,
        case purpose when 'replay' then '-infinity' else landed_at end as read_at
    from ops.batches where batch_id = %(batch)s
),
stamped as (
    select typed._row, typed.{key}::text as record_key, {modified} as stamp, typed._payload_hash as payload_hash,
        faulty.reason, coalesce(faulty.breaks_contract, false) as breaks_contract
    from {view} as typed left join faulty on faulty.row_number = typed._row
    where typed._batch_id = %(batch)s
),
believed as (
    select stamped.*, reading.last_believed,
        case when stamp > reading.last_believed then reading.read_at else stamp end as modified_at,
        bool_or(stamp > reading.last_believed) over (partition by record_key, reason is null) as is_in_doubt
    from stamped cross join reading
),
judged as (
    select _row, record_key, reason, payload_hash, breaks_contract, modified_at, last_believed,
        row_number() over (
            partition by record_key, reason is null
            order by case when is_in_doubt then null else stamp end desc nulls last, _row desc
        ) as recency
    from believed
)
select judged._row, judged.record_key,
    case
        when judged.reason is not null then 'quarantined'
        when judged.recency > 1 or held.is_newer then 'repeated'
        else 'validated'
    end,
    case
        when judged.reason is not null then judged.reason
        when judged.recency > 1 then 'a newer version came in the same batch'
        when held.is_newer then 'a newer version is held already'
    end,
    judged.payload_hash, judged.breaks_contract
from judged
left join {validated} as held_record on held_record._key = judged.record_key
cross join lateral (
    select held_record._modified_at > judged.modified_at
        and held_record._modified_at <= judged.last_believed as is_newer
) as held
"""
_RECORD: LiteralString = """
create index on judged (record_key);
analyze judged;
delete from ops.dispositions where batch_id = {batch};
insert into ops.dispositions (batch_id, row_number, record_key, disposition, reason)
select {batch}, row_number, record_key, disposition, reason from judged;
"""
_KEEP = """
insert into {validated} as held (_key, {columns}, _modified_at, _is_deleted, _batch_id, _payload_hash)
select typed.{key}::text, {typed_columns},
    case when {modified} > reading.last_believed then reading.read_at else {modified} end,
    {is_deleted}, typed._batch_id, judged.payload_hash
from {view} as typed
cross join (
    select ({last_believed}) as last_believed, landed_at - clock_behind - %(overlap)s as read_at
    from ops.batches where batch_id = %(batch)s
) as reading
join judged on judged.row_number = typed._row
where typed._batch_id = %(batch)s and judged.disposition = 'validated'
order by typed.{key}
on conflict (_key) do update
set {assignments}, _modified_at = excluded._modified_at, _is_deleted = excluded._is_deleted,
    _batch_id = excluded._batch_id, _payload_hash = excluded._payload_hash
where held._payload_hash <> excluded._payload_hash or held._is_deleted <> excluded._is_deleted
"""
_COUNTS: LiteralString = """
select count(*), count(*) filter (where disposition = 'quarantined'),
    coalesce(min(reason) filter (where disposition = 'quarantined'), '')
from ops.dispositions where batch_id = %s
"""
_LISTED: LiteralString = """
create temp table listed on commit drop as select record_key from ops.listed_keys where batch_id = {batch};
create index on listed (record_key);
analyze listed;
"""
_MARK_VANISHED = """
update {table} as held set _is_deleted = true, _batch_id = %(batch)s
where not _is_deleted and not exists (select from {listed} as listed where listed.record_key = held._key)
    and not exists (select from judged as came where came.record_key = held._key)
    and not exists (select from {listed} as unreadable where coalesce(unreadable.record_key, '') = '')
"""


@dataclass(frozen=True, slots=True)
class QuarantineCounts:
    """How many records a batch has, how many of them are quarantined, and the reason of one; empty if none is."""

    received: int
    quarantined: int
    example: str


def judge_records(connection: Connection, batch: Batch) -> None:
    """Give every landed record of the batch its disposition; those it had are replaced.

    The temporary table `faults` (row_number, reason, breaks_contract) of the same transaction says which rows are
    at fault. The dispositions stand in the temporary table `judged` as well, until the transaction ends.
    """
    connection.execute(_TABLES)
    _execute(connection, _JUDGE, batch)
    connection.execute(sql.SQL(_RECORD).format(batch=sql.Literal(batch.batch_id)))


def keep_validated(connection: Connection, batch: Batch) -> None:
    """Write the batch's validated records, which were judged before, over what is held under their keys.

    A field that the account lacks keeps the value that was held when it was last read.
    """
    unread = find_account(connection, batch.system, batch.resource).unread
    names = [sql.Identifier(field.name) for field in batch.resource.fields if field.name not in unread]
    assignments = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in names)
    _execute(connection, _KEEP, batch, assignments=assignments)


def count_quarantined(connection: Connection, batch_id: str) -> QuarantineCounts:
    """How many records were judged, and how many of them are quarantined."""
    received, quarantined, example = connection.execute(_COUNTS, (batch_id,)).fetchone() or (0, 0, "")
    return QuarantineCounts(int(str(received)), int(str(quarantined)), str(example))


def count_with_reason(connection: Connection, batch_id: str, pattern: str) -> QuarantineCounts:
    """The same of those records of the batch whose reason matches a regular expression."""
    found = connection.execute(f"{_COUNTS} and reason ~ %s", (batch_id, pattern)).fetchone() or (0, 0, "")
    received, quarantined, example = found
    return QuarantineCounts(int(str(received)), int(str(quarantined)), str(example))


def mark_unlisted(connection: Connection, batch: Batch, *, is_snapshot: bool) -> int:
    """Mark as deleted what is held and not among the vendor's keys; returns how many records that were.

    The batch was judged before, in the same transaction.

    The keys are those of the batch's records for a snapshot, else those that were listed with the batch. While one
    of them cannot be read nothing is marked, for it may be that of any record held.
    """
    if not is_snapshot:
        connection.execute(sql.SQL(_LISTED).format(batch=sql.Literal(batch.batch_id)))
    listed = sql.Identifier("judged" if is_snapshot else "listed")
    statement = sql.SQL(_MARK_VANISHED).format(table=validated_table(batch.system, batch.resource), listed=listed)
    return connection.execute(statement, {"batch": batch.batch_id}).rowcount


def _execute(connection: Connection, template: str, batch: Batch, **parts: sql.Composable) -> None:
    statement = sql.SQL(template).format(**_parts(batch), **parts)
    changes = batch.resource.changes
    overlap = changes.overlap if isinstance(changes, ChangedBetween) else timedelta(0)
    connection.execute(statement, {"batch": batch.batch_id, "overlap": overlap})


def _parts(batch: Batch) -> dict[str, sql.Composable]:
    resource = batch.resource
    names = [sql.Identifier(field.name) for field in resource.fields]
    modified: sql.Composable = sql.SQL(
        "(select coalesce(upper(covered_window), landed_at) from ops.batches where batch_id = %(batch)s)"
    )
    if resource.modified is not None:
        modified = sql.SQL("typed.{}").format(sql.Identifier(resource.modified))
    is_deleted: sql.Composable = sql.SQL("false")
    if resource.deleted:
        is_deleted = sql.SQL("coalesce(typed.{}, false)").format(sql.Identifier(resource.deleted))
    return {
        "key": sql.Identifier(resource.key),
        "modified": modified,
        "last_believed": sql.SQL(LAST_BELIEVED),
        "is_deleted": is_deleted,
        "view": typed_view(batch.system, resource),
        "validated": validated_table(batch.system, resource),
        "columns": sql.SQL(", ").join(names),
        "typed_columns": sql.SQL(", ").join(sql.SQL("typed.{}").format(name) for name in names),
    }
