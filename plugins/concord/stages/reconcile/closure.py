"""Finds all that is linked with what was touched, so that it can be reconciled apart from the rest.

Records are linked when one names the other, when both name the same order, parcel or wholesale order, and when
they are, were or could be the same customer. What is found is closed: no record outside is linked with one inside.
"""

from collections.abc import Iterator, Sequence

from psycopg import sql

from concord.errors import BatchError
from concord.installed import COMMAND
from concord.stages.reconcile.links import Link
from concord.store.engine import Connection, fetch_value

ROUND_LIMIT = 200
_OF_RECORDS = """
insert into touched.texts (kind, value)
select distinct {kind}, named.value from {table} as linked
inner join touched.records as known
    on known.system = {system} and known.resource = {resource} and known.record_key = linked._key
cross join lateral (select {values}) as named (value)
where known.round = {round} - 1 and named.value is not null
on conflict do nothing
"""
_OF_KEYS = """
insert into touched.texts (kind, value)
select system || '/' || resource, record_key from touched.records where round = {round} - 1
on conflict do nothing
"""
_LINKED = """
insert into touched.records (system, resource, record_key, round)
select {system}, {resource}, linked._key, {round} from touched.texts as texts
inner join {table} as linked on {is_named}
where texts.kind = {kind} and texts.round is null
on conflict do nothing
"""
_NAMED = """
insert into touched.records (system, resource, record_key, round)
select split_part(kind, '/', 1), split_part(kind, '/', 2), value, {round} from touched.texts
where round is null and kind like '%/%'
on conflict do nothing
"""
_BEFORE = """
insert into touched.texts (kind, value)
select distinct {kind}, named.value from ops.touched as changed
cross join lateral (select {values_before}) as named (value)
where changed.system = {system} and changed.resource = {resource} and {is_told}
    and changed.written_by >= {since} and named.value is not null
on conflict do nothing
"""


def take_links_before(connection: Connection, links: Sequence[Link], *, since: str) -> None:
    """Add what the changed records named before; `since` is the transaction from which on changes count."""
    for link in links:
        connection.execute(sql.SQL(_BEFORE).format(**link.parts(), since=sql.Literal(since)))


class Closure:
    """Adds linked records to `touched.records`, in rounds that are numbered on, until none is missing."""

    def __init__(self, connection: Connection, links: Sequence[Link], number: int) -> None:
        self._connection = connection
        self._links = links
        self.round = number

    def close(self) -> None:
        """Follow the links by keys and texts from what was added last; `BatchError` where they never end."""
        for _ in range(ROUND_LIMIT):
            self.round += 1
            for statement in self._statements():
                self._connection.execute(statement)
            if not self._is_grown():
                return
        raise BatchError(f"The links between records do not end; run {COMMAND} rebuild.")

    def _statements(self) -> Iterator[sql.Composed | sql.SQL]:
        number = sql.Literal(self.round)
        for link in self._links:
            yield sql.SQL(_OF_RECORDS).format(**link.parts(), round=number)
        yield sql.SQL(_OF_KEYS).format(round=number)
        yield sql.SQL("analyze touched.texts")
        for link in self._links:
            yield sql.SQL(_LINKED).format(**link.parts(), round=number)
        yield sql.SQL(_NAMED).format(round=number)
        yield sql.SQL("update touched.texts set round = {} where round is null").format(number)
        yield sql.SQL("analyze touched.records")

    def _is_grown(self) -> bool:
        query = "select exists (select from touched.records where round = %s)"
        return bool(fetch_value(self._connection, query, (self.round,)))
