"""Gates: what must hold of a batch as a whole before any of it moves forward, and the limit of deletions."""

from collections.abc import Sequence

from psycopg import sql

from concord.contract import Batch, Snapshot, Worklist
from concord.dag_ids import ingest_dag
from concord.errors import ExpectationsFailedError
from concord.settings import read_start
from concord.store.engine import LOADER, Connection, Database
from concord.store.ledger import batches
from concord.store.ledger.account_fields import find_account
from concord.store.ledger.batches import count_held
from concord.store.ledger.dispositions import count_quarantined, count_with_reason, mark_unlisted
from concord.store.ledger.key_lists import has_listed_keys
from concord.store.tables import typed_view, validated_table
from concord.store.typed_fields import ANOTHER_SHAPE

FEW = 3  # records that may always vanish, or be of another shape
SMALL = 20  # records; of fewer than these no share is taken
QUARANTINE_LIMIT = 0.2  # the share of a batch that may be at fault; above it the whole batch is refused
SHAPE_LIMIT = 0.01  # the share that may hold an object or a list instead of one value; above it the vendor changed
SHRINK_LIMIT = 0.5  # a snapshot must hold at least this share of the records that are held and not deleted
FILLED = 0.9  # a field filled in this share of the held records is expected to be filled in a batch
SILENT_DAYS_KNOWN = 5  # covered windows in a row, all with records, after which a day without any is refused


def accept_volume(database: Database, batch_id: str) -> None:
    """Keep with the batch that a person found its number of records right, so that no gate refuses it for that."""
    with database.transaction(LOADER) as connection:
        batches.accept_volume(connection, batch_id)


def refuse_abnormal(connection: Connection, batch: Batch, table_faults: Sequence[str]) -> None:
    """Raise `ExpectationsFailedError` with every reason for which the batch must not move forward."""
    counts = count_quarantined(connection, batch.batch_id)
    faults = []
    if counts.quarantined > SMALL and counts.quarantined > counts.received * QUARANTINE_LIMIT:
        faults.append(
            f"{counts.quarantined} of {counts.received} records are at fault (for one: {counts.example})"
        )
    misshapen = count_with_reason(connection, batch.batch_id, ANOTHER_SHAPE)
    if misshapen.quarantined > max(FEW, counts.received * SHAPE_LIMIT):
        faults.append(
            f"{misshapen.quarantined} of {counts.received} records have another shape than declared "
            f"(for one: {misshapen.example})"
        )
    has_usual_shape = not isinstance(batch.resource.changes, Worklist)  # what a worklist asks for differs by night
    if counts.received >= SMALL and has_usual_shape:
        faults += _vanished_fields(connection, batch)
    if not batches.is_volume_accepted(connection, batch.batch_id):
        faults += [*table_faults, *(_volume_faults(connection, batch, counts.received) if has_usual_shape else ())]
    if faults:
        raise ExpectationsFailedError(
            f"The batch of {batch.system.name} {batch.resource.name} was refused: {'; '.join(faults)}. Nothing "
            "of it moved forward; see whether the vendor changed something. To read it again, clear the task "
            f"extract. If the number of records is right, {_advice(batch)}.",
            system=batch.system.name,
            resource=batch.resource.name,
            batch=batch.batch_id,
        )


def _advice(batch: Batch) -> str:
    return f"trigger {ingest_dag(batch.system.name)} with 'Accept an unusual volume'"


def _vanished_fields(connection: Connection, batch: Batch) -> list[str]:
    """Fields filled in nearly all held records and in none of this batch: most often the vendor renamed them."""
    unread = find_account(connection, batch.system, batch.resource).unread
    names = [field.name for field in batch.resource.fields if field.name not in unread]
    filled = sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(name)) for name in names)
    held = connection.execute(
        sql.SQL("select count(*), {} from {} where not _is_deleted").format(
            filled, validated_table(batch.system, batch.resource)
        )
    ).fetchone()
    came = connection.execute(
        sql.SQL("select count(*), {filled} from {view} where _batch_id = %s").format(
            filled=filled, view=typed_view(batch.system, batch.resource)
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
        known = count_held(connection, batch.system, batch.resource)
        if known >= SMALL and received < known * SHRINK_LIMIT:
            return [f"only {received} records came, where {known} are known"]
        return []
    if batches.begins_at(connection, batch.batch_id, read_start()):
        known = count_held(connection, batch.system, batch.resource, of_batch=batch.batch_id)
        if known >= SMALL and received < known * SHRINK_LIMIT:
            return [f"only {received} records came in a window from the beginning, where {known} are known"]
    if batches.count_by_window(connection, batch.batch_id) or not batches.is_long_window(
        connection, batch.batch_id
    ):
        return []
    if batches.has_steady_history(connection, batch, days=SILENT_DAYS_KNOWN, least=SMALL):
        return [f"no record came, where each of the last {SILENT_DAYS_KNOWN} windows had at least {SMALL}"]
    return []


def mark_vanished(connection: Connection, batch: Batch) -> int:
    """Mark as deleted what the vendor no longer lists, and return how many records that were.

    A batch that cannot tell marks nothing. Raises `ExpectationsFailedError` when more vanished than the resource's
    limit allows and no person accepted the volume.
    """
    changes = batch.resource.changes
    is_snapshot = isinstance(changes, Snapshot)
    if isinstance(changes, Worklist) or not (is_snapshot or has_listed_keys(connection, batch.batch_id)):
        return 0
    known = count_held(connection, batch.system, batch.resource)
    gone = mark_unlisted(connection, batch, is_snapshot=is_snapshot)
    limit = changes.vanish_limit
    is_too_many = limit is not None and gone > max(known * limit, FEW)
    if is_too_many and not batches.is_volume_accepted(connection, batch.batch_id):
        raise ExpectationsFailedError(
            f"{gone} of {known} records of {batch.system.name} {batch.resource.name} vanished at once; nothing "
            f"was marked as deleted. If they are truly gone, {_advice(batch)}.",
            system=batch.system.name,
            resource=batch.resource.name,
            batch=batch.batch_id,
        )
    return gone
