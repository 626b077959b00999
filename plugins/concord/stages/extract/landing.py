"""Landing: records stand in the landing table as they were received, under the id of their batch."""

from collections.abc import Iterable

from psycopg import sql

from concord.contract import Batch, Page, Window
from concord.stages.extract.rows import COPY_OPTIONS, RowShaper
from concord.store.engine import Connection
from concord.store.ledger.account_fields import find_account
from concord.store.ledger.batches import open_batch, record_received
from concord.store.tables import landing_table


def begin_batch(connection: Connection, batch: Batch, *, purpose: str, window: Window | None) -> None:
    """Open the batch in the ledger, and delete the rows that an earlier run of it landed.

    The purpose is `window`, `sample`, `read_back` or `replay`; only a batch for a window has one.
    """
    open_batch(connection, batch, purpose=purpose, window=window)
    statement = sql.SQL("delete from {landing} where _batch_id = %s").format(
        landing=landing_table(batch.system, batch.resource)
    )
    connection.execute(statement, (batch.batch_id,))


def land_pages(connection: Connection, batch: Batch, pages: Iterable[Page], *, first: int = 0) -> int:
    """Stream pages into the landing table, numbered in their order; returns how many records the batch has.

    `first` is the number of the first record: how many were landed with the batch before. Fields that the account
    lacks stay null, or get the value that the connection gives for all records.

    Raises the errors of whoever reads the pages.
    """
    account = find_account(connection, batch.system, batch.resource)
    shaper = RowShaper(account.resource, batch.batch_id, account.constants)
    shaper.received = first
    copy_pages(connection, shaper, landing_table(batch.system, batch.resource), pages)
    record_received(connection, batch.batch_id, shaper.received)
    return shaper.received


def copy_pages(connection: Connection, shaper: RowShaper, table: sql.Identifier, pages: Iterable[Page]) -> None:
    """Stream pages into a table that has the columns of the shaper's rows."""
    statement = sql.SQL("copy {table} ({columns}) from stdin " + COPY_OPTIONS).format(
        table=table,
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in shaper.columns),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for page in pages:
            copy.write(shaper.shape(page))
