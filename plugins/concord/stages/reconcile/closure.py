"""Finds all that is linked with what was touched, so that it can be reconciled apart from the rest.

Records are linked when one names the other, when both name the same order, parcel or wholesale order, and when
they are, were or could be the same customer. What is found is closed: no record outside is linked with one inside.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from concord.contract import SKU, Resource, System
from concord.errors import BatchError
from concord.installed import COMMAND
from concord.store.engine import Connection, fetch_value
from concord.store.tables import table_name, validated_table

WHOLE = frozenset({"product", "inventory_level"})  # entities of which there are few: always worked on together
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
inner join {table} as linked on {value} = texts.value
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
cross join lateral (select {values}) as named (value)
where changed.system = {system} and changed.resource = {resource} and changed.before ? {name}
    and changed.written_by >= {since} and named.value is not null
on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A field of a resource that names something: the key of another resource's record, or a text of a kind.

    It may hold several keys with semicolons between them, such as those of the records that were merged into one.
    """

    system: System
    resource: Resource
    name: str
    target: str

    @property
    def is_key(self) -> bool:
        """Whether the field holds the key of another resource of the system."""
        return any(item.name == self.target for item in self.system.resources)

    def parts(self, value: sql.Composable | None = None) -> dict[str, sql.Composable]:
        """What the statements need; `value` is an expression for what the field holds, its column if left out."""
        held = value or sql.SQL("linked.{}::text").format(sql.Identifier(self.name))
        if self.is_key:
            kind: sql.Composable = sql.Literal(f"{self.system.name}/{self.target}")
            values = sql.SQL("regexp_split_to_table({}, '\\s*;\\s*')").format(held)
        else:
            kind = sql.Literal(self.target)
            values = held = sql.SQL("ops.link_text({}, {})").format(kind, held)
        return {
            "kind": kind,
            "value": held,
            "values": values,
            "table": validated_table(self.system, self.resource),
            "system": sql.Literal(self.system.name),
            "resource": sql.Literal(self.resource.name),
            "name": sql.Literal(self.name),
        }

    def index(self) -> sql.Composed:
        """SQL for the index by which the records that hold a value are found."""
        parts = self.parts()
        return sql.SQL("create index if not exists {} on {} ({})").format(
            sql.Identifier(f"{table_name(self.system, self.resource)}__{self.name}"),
            parts["table"],
            sql.SQL("({})").format(
                sql.SQL("{}::text" if self.is_key else "ops.link_text({}, {}::text)").format(
                    *([] if self.is_key else [parts["kind"]]), sql.Identifier(self.name)
                )
            ),
        )


def is_whole(resource: Resource) -> bool:
    """Whether a resource's records are always worked on together."""
    return resource.entity in WHOLE


def list_links(systems: Sequence[System]) -> list[Link]:
    """The links of all resources whose records are not always worked on together."""
    return [
        Link(system, resource, name, target)
        for system in systems
        for resource in system.resources
        if not is_whole(resource)
        for name, target in (resource.links or {}).items()
        if target != SKU
    ]


def take_links_before(connection: Connection, links: Sequence[Link], *, since: str) -> None:
    """Add what the changed records named before; `since` is the transaction from which on changes count."""
    for link in links:
        value = sql.SQL("changed.before ->> {}").format(sql.Literal(link.name))
        connection.execute(sql.SQL(_BEFORE).format(**link.parts(value), since=sql.Literal(since)))


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
