"""When all records are read anew, and not only those that changed.

A field that was declared since the last time is unknown in every record that has not changed since, and a field
that the vendor works out anew may change without a change of the record's stamp.
"""

from collections.abc import Iterator
from datetime import timedelta

from concord.contract import Batch, ChangedBetween, Page, Resource, Session, Window
from concord.settings import read_start
from concord.store.engine import Connection
from concord.store.ledger.batches import is_newest_window
from concord.store.ledger.whole_reads import find_whole_read, record_whole_read

_HALF = timedelta(hours=12)  # nights do not begin at the same second


def read_older(connection: Connection, session: Session, batch: Batch, window: Window) -> Iterator[Page] | None:
    """Pages of the records that changed before the window, where they are due with it; None where they are not.

    Writes down with the batch which fields it read of all records. Raises the session's errors while it is read.
    """
    resource, is_due = batch.resource, False
    if isinstance(resource.changes, ChangedBetween):
        if not is_newest_window(connection, batch, window):
            return None
        is_due = window.start > read_start()
        if is_due and not _is_due(connection, batch, resource.changes, window):
            return None
    record_whole_read(connection, batch.batch_id, paths_of_fields(resource))
    return resource.read.read_window(session, resource, Window(read_start(), window.start)) if is_due else None


def paths_of_fields(resource: Resource) -> dict[str, str]:
    """The vendor's path of each field."""
    return {item.name: item.path for item in resource.fields}


def _is_due(connection: Connection, batch: Batch, changes: ChangedBetween, window: Window) -> bool:
    last = find_whole_read(connection, batch)
    if last is None:
        return False
    if not paths_of_fields(batch.resource).items() <= last.fields.items():
        return True
    nights = changes.whole_every
    return nights > 0 and window.end - last.until >= timedelta(days=nights) - _HALF
