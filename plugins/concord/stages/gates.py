"""Statements about a batch as a whole that must hold before any of it moves forward, and deletions under guard."""

from psycopg import sql

from concord.contract import Resource, Snapshot, System
from concord.errors import ExpectationsFailedError
from concord.store.engine import Connection
from concord.store.tables import typed_view, validated_table

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


def refuse_abnormal(
    connection: Connection,
    system: System,
    resource: Resource,
    *,
    batch_id: str,
    table_faults: list[str],
    is_volume_accepted: bool,
) -> None:
    """Raise `ExpectationsFailedError` with every reason for which the batch must not move forward."""
    faults = list(table_faults)
    received, quarantined, example = _counts(connection, batch_id)
    if quarantined > SMALL and quarantined > received * QUARANTINE_LIMIT:
        faults.append(f"{quarantined} of {received} records are at fault (for one: {example})")
    if received >= SMALL:
        faults += _vanished_fields(connection, system, resource, batch_id)
    if not is_volume_accepted:
        faults += _volume_faults(connection, system, resource, batch_id=batch_id, received=received)
    if faults:
        raise ExpectationsFailedError(
            f"The batch of {system.name} {resource.name} was refused: {'; '.join(faults)}. Nothing of it moved "
            "forward; see whether the vendor changed something, then run the task again (accept_volume, if the "
            "amount is right).",
            system=system.name,
            resource=resource.name,
            batch=batch_id,
        )


def _counts(connection: Connection, batch_id: str) -> tuple[int, int, str]:
    row = connection.execute(_COUNTS, (batch_id,)).fetchone()
    received, quarantined, example = row if row is not None else (0, 0, None)
    return int(str(received)), int(str(quarantined)), str(example)


def _vanished_fields(
    connection: Connection, system: System, resource: Resource, batch_id: str
) -> list[str]:
    """Fields that are nearly always filled in what we hold and never in this batch: a renamed field, mostly."""
    names = [field.name for field in resource.fields]
    filled = sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(name)) for name in names)
    held = connection.execute(
        sql.SQL("select count(*), {} from {} where not _is_deleted").format(
            filled, validated_table(system, resource)
        )
    ).fetchone()
    came = connection.execute(
        sql.SQL("select count(*), {} from {} where _batch_id = %s").format(filled, typed_view(system, resource)),
        (batch_id,),
    ).fetchone()
    if held is None or came is None:
        return []
    known = int(str(held[0]))
    return [
        f"field {name} is empty in every record, though it is filled in what we hold"
        for name, before, now in zip(names, held[1:], came[1:], strict=True)
        if known >= SMALL and int(str(before)) >= known * FILLED and int(str(now)) == 0
    ]


def _volume_faults(
    connection: Connection, system: System, resource: Resource, *, batch_id: str, received: int
) -> list[str]:
    if isinstance(resource.changes, Snapshot):
        known = _live(connection, system, resource)
        if known >= SMALL and received < known * SHRINK_LIMIT:
            return [f"only {received} records came, where {known} are known"]
        return []
    long = connection.execute(_SPAN_IS_LONG, (batch_id,)).fetchone()
    if received or not (long and long[0]):
        return []
    row = connection.execute(
        _WENT_SILENT,
        (SILENT_DAYS_KNOWN, SMALL, system.name, resource.name, batch_id, SILENT_DAYS_KNOWN),
    ).fetchone()
    if row and row[0]:
        return [f"no record came, where each of the last {SILENT_DAYS_KNOWN} windows had at least {SMALL}"]
    return []


def _live(connection: Connection, system: System, resource: Resource) -> int:
    row = connection.execute(
        sql.SQL("select count(*) from {} where not _is_deleted").format(validated_table(system, resource))
    ).fetchone()
    return int(str(row[0])) if row else 0


def mark_vanished(
    connection: Connection, system: System, resource: Resource, *, batch_id: str, is_volume_accepted: bool
) -> int:
    """Mark as deleted what the vendor no longer lists; returns how many, refuses more than the limit."""
    listed = _listed(connection, resource, batch_id)
    if listed is None:
        return 0
    known = _live(connection, system, resource)
    gone = connection.execute(
        sql.SQL(
            "update {table} as held set _is_deleted = true, _batch_id = %(batch)s "
            "where not _is_deleted and not exists ({listed} and listed.record_key = held._key)"
        ).format(table=validated_table(system, resource), listed=listed),
        {"batch": batch_id},
    ).rowcount
    limit = resource.changes.vanish_limit
    if limit is not None and gone > max(known * limit, 3) and not is_volume_accepted:
        raise ExpectationsFailedError(
            f"{gone} of {known} records of {system.name} {resource.name} vanished at once; nothing was marked as "
            "deleted. If they are truly gone, run the task again with accept_volume.",
            system=system.name,
            resource=resource.name,
            batch=batch_id,
        )
    return gone


def _listed(connection: Connection, resource: Resource, batch_id: str) -> sql.SQL | None:
    """A query of the keys the vendor still has, None where this batch cannot tell."""
    if isinstance(resource.changes, Snapshot):
        return sql.SQL(
            "select 1 from ops.dispositions as listed where listed.batch_id = %(batch)s"
        )
    row = connection.execute(
        "select is_key_list_complete from ops.batches where batch_id = %s", (batch_id,)
    ).fetchone()
    if not (row and row[0]):
        return None
    return sql.SQL("select 1 from ops.listed_keys as listed where listed.batch_id = %(batch)s")
