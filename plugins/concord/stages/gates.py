"""Statements about a batch as a whole that must hold before any of it moves forward, and deletions under guard."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from concord.contract import Batch, Snapshot, Worklist
from concord.errors import ExpectationsFailedError
from concord.store.engine import LOADER, Connection, Database
from concord.store.tables import typed_view, validated_table

FEW = 3  # records that may always vanish
SMALL = 20  # records; below this a share says nothing
QUARANTINE_LIMIT = 0.2  # share of a batch that may be at fault before the batch as a whole is
SHRINK_LIMIT = 0.5  # a snapshot must hold at least this share of what is known to live
FILLED = 0.9  # a field this full in what we hold does not vanish by itself
SILENT_DAYS_KNOWN = 5  # covered windows in a row, all with records, after which a day without any is odd

_COUNTS = """
select count(*), count(*) filter (where disposition = 'quarantined'),
    min(reason) filter (where disposition = 'quarantined')
from ops.dispositions where batch_id = %s
"""
_WENT_SILENT = """
select count(*) >= %s and min(received) >= %s
from (
    select received from ops.batches
    where system = %s and resource = %s and state = 'covered' and purpose = 'window' and batch_id <> %s
        and upper(covered_window) - lower(covered_window) >= interval '20 hours'
    order by upper(covered_window) desc limit %s
) as recent
"""
_SPAN_IS_LONG = """
select upper(covered_window) - lower(covered_window) >= interval '20 hours' from ops.batches where batch_id = %s
"""


_ACCEPTED = "select is_volume_accepted from ops.batches where batch_id = %s"


def accept_volume(database: Database, batch_id: str) -> None:
    """A person says that the amount of this batch is right; kept with the batch."""
    with database.transaction(LOADER) as connection:
        connection.execute("update ops.batches set is_volume_accepted = true where batch_id = %s", (batch_id,))


def refuse_abnormal(connection: Connection, batch: Batch, table_faults: Sequence[str]) -> None:
    """Raise `ExpectationsFailedError` with every reason for which the batch must not move forward."""
    received, quarantined, example = _counts(connection, batch.batch_id)
    faults = []
    if quarantined > SMALL and quarantined > received * QUARANTINE_LIMIT:
        faults.append(f"{quarantined} of {received} records are at fault (for one: {example})")
    has_usual_shape = not isinstance(batch.resource.changes, Worklist)  # what we ask for differs by the night
    if received >= SMALL and has_usual_shape:
        faults += _vanished_fields(connection, batch)
    if not _is_true(connection, _ACCEPTED, (batch.batch_id,)):
        faults += [*table_faults, *(_volume_faults(connection, batch, received) if has_usual_shape else ())]
    if faults:
        raise ExpectationsFailedError(
            f"The batch of {batch.system.name} {batch.resource.name} was refused: {'; '.join(faults)}. Nothing "
            "of it moved forward; see whether the vendor changed something, then run the task again "
            "(with accept_volume, if the amount is right).",
            system=batch.system.name,
            resource=batch.resource.name,
            batch=batch.batch_id,
        )


def _is_true(connection: Connection, query: LiteralString, parameters: Sequence[object]) -> bool:
    row = connection.execute(query, parameters).fetchone()
    return bool(row and row[0])


def _counts(connection: Connection, batch_id: str) -> tuple[int, int, str]:
    row = connection.execute(_COUNTS, (batch_id,)).fetchone()
    received, quarantined, example = row if row is not None else (0, 0, None)
    return int(str(received)), int(str(quarantined)), str(example)


def _vanished_fields(connection: Connection, batch: Batch) -> list[str]:
    """Fields filled in nearly all we hold and never in this batch: mostly a field that was renamed."""
    names = [field.name for field in batch.resource.fields]
    filled = sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(name)) for name in names)
    held = connection.execute(
        sql.SQL("select count(*), {} from {} where not _is_deleted").format(
            filled, validated_table(batch.system, batch.resource)
        )
    ).fetchone()
    came = connection.execute(
        sql.SQL("select count(*), {} from {} where _batch_id = %s").format(
            filled, typed_view(batch.system, batch.resource)
        ),
        (batch.batch_id,),
    ).fetchone()
    if held is None or came is None:
        return []
    known = int(str(held[0]))
    return [
        f"field {name} is empty in every record, though it is filled in what we hold"
        for name, before, now in zip(names, held[1:], came[1:], strict=True)
        if known >= SMALL and int(str(before)) >= known * FILLED and int(str(now)) == 0
    ]


def _volume_faults(connection: Connection, batch: Batch, received: int) -> list[str]:
    if isinstance(batch.resource.changes, Snapshot):
        known = _live(connection, batch)
        if known >= SMALL and received < known * SHRINK_LIMIT:
            return [f"only {received} records came, where {known} are known"]
        return []
    if received or not _is_true(connection, _SPAN_IS_LONG, (batch.batch_id,)):
        return []
    history = (batch.system.name, batch.resource.name, batch.batch_id, SILENT_DAYS_KNOWN)
    if _is_true(connection, _WENT_SILENT, (SILENT_DAYS_KNOWN, SMALL, *history)):
        return [f"no record came, where each of the last {SILENT_DAYS_KNOWN} windows had at least {SMALL}"]
    return []


def _live(connection: Connection, batch: Batch) -> int:
    row = connection.execute(
        sql.SQL("select count(*) from {} where not _is_deleted").format(
            validated_table(batch.system, batch.resource)
        )
    ).fetchone()
    return int(str(row[0])) if row else 0


def mark_vanished(connection: Connection, batch: Batch) -> int:
    """Mark as deleted what the vendor no longer lists; returns how many, refuses more than the limit."""
    listed, changes = _listed(connection, batch), batch.resource.changes
    if listed is None or isinstance(changes, Worklist):
        return 0
    known = _live(connection, batch)
    gone = connection.execute(
        sql.SQL(
            "update {table} as held set _is_deleted = true, _batch_id = %(batch)s "
            "where not _is_deleted and not exists ({listed} and listed.record_key = held._key)"
        ).format(table=validated_table(batch.system, batch.resource), listed=listed),
        {"batch": batch.batch_id},
    ).rowcount
    limit = changes.vanish_limit
    is_too_many = limit is not None and gone > max(known * limit, FEW)
    if is_too_many and not _is_true(connection, _ACCEPTED, (batch.batch_id,)):
        raise ExpectationsFailedError(
            f"{gone} of {known} records of {batch.system.name} {batch.resource.name} vanished at once; nothing "
            "was marked as deleted. If they are truly gone, run the task again with accept_volume.",
            system=batch.system.name,
            resource=batch.resource.name,
            batch=batch.batch_id,
        )
    return gone


def _listed(connection: Connection, batch: Batch) -> sql.SQL | None:
    """A query of the keys the vendor still has, None where this batch cannot tell."""
    if isinstance(batch.resource.changes, Snapshot):
        return sql.SQL("select 1 from ops.dispositions as listed where listed.batch_id = %(batch)s")
    if _is_true(connection, "select is_key_list_complete from ops.batches where batch_id = %s", (batch.batch_id,)):
        return sql.SQL("select 1 from ops.listed_keys as listed where listed.batch_id = %(batch)s")
    return None
