"""Reads the records of a window, or those that a look-up names, and lands them in one transaction.

The same window replaces itself: reading it again, after a crash or for a backfill, ends in the same rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from psycopg import sql

from concord.contract import NO_END, Batch, ChangedBetween, Lookup, Resource, Session, System, Window, Worklist
from concord.failpoints import failpoint
from concord.protocols.reading import fast_thread_switches
from concord.protocols.session.masking import values_hidden
from concord.stages.extract.account import look_at_account
from concord.stages.extract.choose_window import is_covered_before
from concord.stages.extract.clocks import book_by_vendors_clock, keep_clock
from concord.stages.extract.differences import read_differences
from concord.stages.extract.landing import begin_batch, land_pages
from concord.stages.extract.rows import is_unfit
from concord.stages.extract.sample import first_records
from concord.stages.extract.volatile import read_volatile
from concord.stages.extract.whole import read_older
from concord.store.engine import LOADER, Connection, Database
from concord.store.ids import batch_id, derive_id
from concord.store.ledger.account_fields import find_account, record_account
from concord.store.ledger.batches import is_newest_window, record_looked_up
from concord.store.ledger.key_lists import record_listed_keys
from concord.store.typed_fields import KEY_BYTES
from concord.system_uses import read_limit

_NEWEST = timedelta(hours=36)  # a window that ends as near to now as this may be the newest there is


def extract_window(
    database: Database, session: Session, *, system: System, resource: Resource, window: Window
) -> str:
    """Land what changed in the window and return the batch's id; raises the session's errors.

    Where the project reads the system as a sample, the first records are landed, and they cover no window.
    First the account is looked at: raises `ConfigurationError`, before anything is read, where a field is gone.
    Where the vendor's clock is behind ours, the batch covers less than the window; see `clocks`.
    """
    batch = Batch(system, resource, batch_id(system.name, resource.name, window))
    _extract(database, session, batch, window)
    failpoint("extract.after_commit")
    return batch.batch_id


def _extract(database: Database, session: Session, batch: Batch, window: Window) -> None:
    began = datetime.now(UTC)
    limit = read_limit(batch.system.name)
    with fast_thread_switches(), database.transaction(LOADER) as connection:
        known = find_account(connection, batch.system, batch.resource)
        account = look_at_account(session, batch.system, batch.resource, known)
        purpose = "window" if limit is None else "sample"
        begin_batch(connection, batch, purpose=purpose, window=window if limit is None else None)
        record_account(connection, batch.system, batch.resource, account)
        resource = with_worklist(connection, account.resource, window.end)
        pages = resource.read.read_window(session, resource, _asked(connection, batch, window, began))
        if limit is not None:
            land_pages(connection, batch, first_records(pages, limit))
            return
        landed = land_pages(connection, batch, pages)
        keep_clock(connection, batch, session.clock_behind)
        if earlier := book_by_vendors_clock(connection, batch, session.clock_behind, began):
            before = Window(window.start - earlier, window.start)
            pages = resource.read.read_window(session, resource, before)
            landed = land_pages(connection, batch, pages, first=landed)
        by_window = landed
        if older := read_older(connection, session, replace(batch, resource=resource), window):
            landed = land_pages(connection, batch, older, first=landed)
        landed = _list_all(connection, session, replace(batch, resource=account.resource), window, landed=landed)
        is_all = is_covered_before(connection, batch.system, batch.resource, window)
        landed = read_differences(connection, session, batch, landed=landed, is_all_covered=is_all)
        record_looked_up(connection, batch.batch_id, landed - by_window)
        failpoint("extract.before_commit")


def _list_all(connection: Connection, session: Session, batch: Batch, window: Window, *, landed: int) -> int:
    """Keep the keys of all records, and land those in which a volatile field moved; how many have landed then."""
    if names := _volatile_fields(connection, batch, window):
        landed, found = read_volatile(connection, session, batch, names, landed=landed)
        if batch.resource.lists_keys:
            record_listed_keys(connection, batch.batch_id, _fit_keys([found]))
    elif _needs_key_list(connection, batch, window):
        keys = batch.resource.read.read_keys(session, batch.resource)
        record_listed_keys(connection, batch.batch_id, _fit_keys(keys))
    return landed


def _asked(connection: Connection, batch: Batch, window: Window, now: datetime) -> Window | None:
    """What the reader is asked for: the newest window without an end, for stamps that lie in the future.

    None, all there is, where the vendor cannot be asked for a window.
    """
    if not isinstance(batch.resource.changes, ChangedBetween):
        return None
    is_newest = window.end > now - _NEWEST and is_newest_window(connection, batch, window)
    return Window(window.start, NO_END) if is_newest else window


def with_worklist(connection: Connection, resource: Resource, as_of: datetime) -> Resource:
    """The resource with the items that its reader must ask for by name at that time, where it has a worklist."""
    changes = resource.changes
    if not isinstance(changes, Worklist):
        return resource
    found = connection.execute(sql.SQL(changes.query), {"as_of": as_of})
    columns = [column.name for column in found.description or ()]
    rows = (zip(columns, row, strict=True) for row in found.fetchall())
    items = tuple({name: str(value) for name, value in row if value is not None} for row in rows)
    return replace(resource, changes=replace(changes, items=items))


def _needs_key_list(connection: Connection, batch: Batch, window: Window) -> bool:
    """Deletions are looked for where the vendor does not report them all, in the newest window only."""
    changes, name = batch.resource.changes, f"{batch.system.name} {batch.resource.name}"
    if not isinstance(changes, ChangedBetween) or not changes.lists_keys_on(window.end.date(), name):
        return False
    return is_newest_window(connection, batch, window)


def _volatile_fields(connection: Connection, batch: Batch, window: Window) -> frozenset[str]:
    """The fields that move without the change stamp, which are looked at with the newest window only."""
    changes = batch.resource.changes
    names = changes.volatile if isinstance(changes, ChangedBetween) else frozenset()
    return names if names and is_newest_window(connection, batch, window) else frozenset()


def _fit_keys(listed: Iterable[Sequence[str]]) -> Iterator[str]:
    """The keys that the vendor has now; one that no database can keep is empty, and then nothing vanishes.

    A key that is too long is left out: no record with such a key is held.
    """
    for keys in listed:
        fit = (key for key in keys if is_unfit(key) or len(key.encode()) <= KEY_BYTES)
        yield from ("" if is_unfit(key) else key for key in fit)


def extract_matching(
    database: Database, session: Session, *, system: System, resource: Resource, lookup: Lookup
) -> str:
    """Land the records that the look-up names and return the batch's id; it covers no window.

    The same reference of a look-up replaces what it landed before. Raises the session's errors.
    """
    batch = Batch(system, resource, derive_id("read_back", system.name, resource.name, lookup.reference))
    with database.transaction(LOADER) as connection:
        begin_batch(connection, batch, purpose="read_back", window=None)
        if lookup.values:
            sought = lookup.values if resource.field(lookup.name).is_personal else ()
            known = find_account(connection, system, resource).resource
            with values_hidden(sought):
                land_pages(connection, batch, known.read.read_matching(session, known, lookup.name, lookup.values))
        keep_clock(connection, batch, session.clock_behind)
    return batch.batch_id
