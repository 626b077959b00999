"""Reads one window of one resource and lands it as it was received, in one transaction.

The same window replaces itself: reading it again, after a crash or for a backfill, ends in the same rows.
"""

from collections.abc import Iterable
from dataclasses import replace

from psycopg import sql
from psycopg.errors import CharacterNotInRepertoire

from concord.contract import (
    Batch,
    ChangedBetween,
    Lookup,
    Page,
    Resource,
    Session,
    Snapshot,
    System,
    Window,
    Worklist,
)
from concord.errors import BatchError
from concord.failpoints import failpoint
from concord.store.engine import LOADER, Connection, Database
from concord.store.ids import batch_id, derive_id
from concord.store.landing import COPY_OPTIONS, RowShaper
from concord.store.tables import landing_table

_BEGIN = """
insert into ops.batches (batch_id, system, resource, purpose, covered_window, state)
values (%s, %s, %s, %s, %s::tstzrange, 'landed')
on conflict (batch_id) do update
set state = 'landed', received = 0, validated = 0, quarantined = 0, repeated = 0,
    is_key_list_complete = false, reason = null, landed_at = clock_timestamp(), finished_at = null
"""
_IS_NEWEST = """
select not exists (
    select 1 from ops.batches
    where system = %s and resource = %s and state = 'covered' and purpose = 'window'
        and upper(covered_window) > %s
)
"""


def extract_window(
    database: Database, session: Session, *, system: System, resource: Resource, window: Window
) -> str:
    """Land what changed in the window and return the batch's id; raises the session's errors."""
    batch = Batch(system, resource, batch_id(system.name, resource.name, window))
    try:
        _extract(database, session, batch, window)
    except BatchError as error:
        if not isinstance(error.__cause__, CharacterNotInRepertoire):
            raise
        # Bytes that are not UTF-8, where no declared field is: read again with an eye on every record.
        _extract(database, session, batch, window, is_careful=True)
    failpoint("extract.after_commit")
    return batch.batch_id


def _extract(
    database: Database, session: Session, batch: Batch, window: Window, *, is_careful: bool = False
) -> None:
    asked = window if isinstance(batch.resource.changes, ChangedBetween) else None
    with database.transaction(LOADER) as connection:
        begin_batch(connection, batch, purpose="window", window=window)
        resource = _with_worklist(connection, batch.resource, window)
        pages = resource.read.read_window(session, resource, asked)
        land_pages(connection, batch, pages, is_careful=is_careful)
        if _wants_key_list(connection, batch, window):
            _list_keys(connection, session, batch)
        failpoint("extract.before_commit")


def _with_worklist(connection: Connection, resource: Resource, window: Window) -> Resource:
    """The resource with the items that its reader must ask for by name, where it has a worklist."""
    changes = resource.changes
    if not isinstance(changes, Worklist):
        return resource
    found = connection.execute(sql.SQL(changes.query), {"as_of": window.end})
    columns = [column.name for column in found.description or ()]
    rows = (zip(columns, row, strict=True) for row in found.fetchall())
    items = tuple({name: str(value) for name, value in row if value is not None} for row in rows)
    return replace(resource, changes=replace(changes, items=items))


def extract_matching(
    database: Database, session: Session, *, system: System, resource: Resource, lookup: Lookup
) -> str:
    """Land the records that the look-up names; a read-back that covers no window."""
    name = derive_id("read_back", system.name, resource.name, lookup.reference)
    batch = Batch(system, resource, name)
    with database.transaction(LOADER) as connection:
        begin_batch(connection, batch, purpose="read_back", window=None)
        if lookup.values:
            pages = resource.read.read_matching(session, resource, lookup.name, lookup.values)
            land_pages(connection, batch, pages)
    return batch.batch_id


def land_pages(connection: Connection, batch: Batch, pages: Iterable[Page], *, is_careful: bool = False) -> int:
    """Stream pages into the landing table; returns how many records were received."""
    shaper = RowShaper(batch.resource, batch.batch_id, is_careful=is_careful)
    statement = sql.SQL("copy {table} ({columns}) from stdin " + COPY_OPTIONS).format(
        table=landing_table(batch.system, batch.resource),
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in shaper.columns),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for page in pages:
            copy.write(shaper.shape(page))
    connection.execute(
        "update ops.batches set received = %s where batch_id = %s", (shaper.received, batch.batch_id)
    )
    return shaper.received


def begin_batch(connection: Connection, batch: Batch, *, purpose: str, window: Window | None) -> None:
    """Open the batch's books; whatever the same batch landed before is forgotten in this transaction."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (batch.batch_id,))
    span = str(window) if window is not None else None
    connection.execute(_BEGIN, (batch.batch_id, batch.system.name, batch.resource.name, purpose, span))
    table = landing_table(batch.system, batch.resource)
    connection.execute(sql.SQL("delete from {} where _batch_id = %s").format(table), (batch.batch_id,))
    connection.execute("delete from ops.dispositions where batch_id = %s", (batch.batch_id,))
    connection.execute("delete from ops.listed_keys where batch_id = %s", (batch.batch_id,))


def _wants_key_list(connection: Connection, batch: Batch, window: Window) -> bool:
    """Deletions are looked for where the vendor does not report them, in the newest window only."""
    changes = batch.resource.changes
    if not isinstance(changes, ChangedBetween) or changes.vanish_limit is None:
        return False
    row = connection.execute(_IS_NEWEST, (batch.system.name, batch.resource.name, window.end)).fetchone()
    return bool(row and row[0])


def _list_keys(connection: Connection, session: Session, batch: Batch) -> None:
    resource = batch.resource
    key = resource.field(resource.key)
    keys_only = replace(resource, fields=(key,), changes=Snapshot(), deleted="", writes=None)
    shaper = RowShaper(keys_only, batch.batch_id)
    connection.execute("create temp table listed (record_key text) on commit drop")
    with connection.cursor() as cursor, cursor.copy("copy listed from stdin") as copy:
        for page in resource.read.read_window(session, keys_only, None):
            for record_key in shaper.read_keys(page):
                copy.write_row((record_key,))
    connection.execute(
        "insert into ops.listed_keys select distinct %s, record_key from listed where record_key is not null",
        (batch.batch_id,),
    )
    connection.execute("update ops.batches set is_key_list_complete = true where batch_id = %s", (batch.batch_id,))
