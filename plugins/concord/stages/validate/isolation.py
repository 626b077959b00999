"""Finds the records over which PostgreSQL fails while it checks a batch, and sets these aside alone.

A value may be of the right type and still make an expression fail: a date that no calendar has, a list where an
expectation takes out the members of an object. PostgreSQL then names no row. So the batch is halved, and the
halves that fail are halved again, until the rows are known.
"""

import re
from collections.abc import Iterator

import psycopg
from psycopg import errors as pg
from psycopg import sql

from concord.contract import Batch
from concord.errors import ConcordError
from concord.stages.validate.expectations import Suite, failing_row_queries
from concord.store.engine import LOADER, Connection, Database
from concord.store.tables import landing_table, typed_view

_QUOTED = re.compile(r'(?:: )?"[^"]*"')  # the value in PostgreSQL's sentence, which may be personal
_MOST = 1_000  # records that are looked for one by one; a batch with more of them is at fault as a whole
_AT_FAULT = (psycopg.DataError, pg.ProgramLimitExceeded, pg.StatementTooComplex)


def set_unreadable_aside(database: Database, batch: Batch, suite: Suite) -> int:
    """Give each record over which a check of the batch fails its fault; returns how many records these are.

    Only its key stays readable, where it is; the payload is kept. 0 says that the batch fails for another reason.
    """
    try:
        with database.transaction(LOADER) as connection:
            search = _Search(connection, batch, suite)
            rows = dict(search.find())
            for row, reason in rows.items():
                search.set_aside(row, reason)
    except ConcordError:
        return 0
    return len(rows)


class _Search:
    def __init__(self, connection: Connection, batch: Batch, suite: Suite) -> None:
        self._connection = connection
        self._batch = batch
        self._suite = suite
        self._found = 0

    def _checks(self, start: int, end: int) -> Iterator[str]:
        """The queries that read every field of these rows, and those of the suite."""
        part = (
            sql.SQL("(select * from {view} where _batch_id = {batch} and _row >= {start} and _row < {end})")
            .format(
                view=typed_view(self._batch.system, self._batch.resource),
                batch=self._batch.batch_id,
                start=start,
                end=end,
            )
            .as_string(self._connection)
        )
        yield f"select count(row(part.*)::text) from {part} as part"  # noqa: S608  # literals are quoted above
        for query in failing_row_queries(self._suite, part):
            yield f"select count(*) from ({query}) as found"  # noqa: S608

    def find(self) -> Iterator[tuple[int, str]]:
        """The numbers of the rows, each with what PostgreSQL says of it."""
        count = sql.SQL("select coalesce(max(_row) + 1, 0) from {landing} where _batch_id = %s")
        query = count.format(landing=landing_table(self._batch.system, self._batch.resource))
        found = self._connection.execute(query, (self._batch.batch_id,)).fetchone() or (0,)
        yield from self._within(0, int(str(found[0])))

    def _within(self, start: int, end: int) -> Iterator[tuple[int, str]]:
        reason = self._failure(start, end) if start < end and self._found < _MOST else None
        if reason is None:
            return
        if end - start == 1:
            self._found += 1
            yield start, reason
            return
        middle = (start + end) // 2
        yield from self._within(start, middle)
        yield from self._within(middle, end)

    def _failure(self, start: int, end: int) -> str | None:
        """What PostgreSQL says where a check of these rows fails over a value, None where none does."""
        for check in self._checks(start, end):
            try:
                with self._connection.transaction():
                    self._connection.execute(sql.SQL(check))
            except _AT_FAULT as error:
                return _QUOTED.sub("", error.diag.message_primary or "a value is out of range")
        return None

    def set_aside(self, row: int, reason: str) -> None:
        """Land the row anew with its fault, and without the fields that may have caused it."""
        emptied = [field.name for field in self._batch.resource.fields if field.name != self._batch.resource.key]
        columns = sql.SQL(", ").join(sql.SQL("{} = null").format(sql.Identifier(name)) for name in emptied)
        statement = sql.SQL("update {landing} set _fault = %s{emptied} where _batch_id = %s and _row = %s").format(
            landing=landing_table(self._batch.system, self._batch.resource),
            emptied=sql.SQL(", ") + columns if emptied else sql.SQL(""),
        )
        self._connection.execute(statement, (f"it cannot be checked ({reason})", self._batch.batch_id, row))
