"""The links that resources declare, each with the SQL by which its records are found and it is followed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from concord.contract import SKU, Listed, PartOf, Resource, System
from concord.contract import links as contract
from concord.store.engine import Connection
from concord.store.tables import table_name, validated_table

WHOLE = frozenset({"product", "product_part", "inventory_level"})  # few, and always worked on together


@dataclass(frozen=True, slots=True)
class Link:
    """A field of a resource that names something: the key of another resource's record, or a text of a kind.

    A field of text may hold several keys with semicolons between them, such as those of the records that were
    merged into one; a field of JSON holds texts at a path.
    """

    system: System
    resource: Resource
    name: str
    named: contract.Link

    @property
    def is_key(self) -> bool:
        """Whether the field holds the key of another resource of the system."""
        return any(item.name == self.named for item in self.system.resources)

    @property
    def kind(self) -> str:
        """The kind of text that the field holds; for a key, the resource that it is the key of."""
        return f"{self.system.name}/{self.named}" if self.is_key else contract.named_by(self.named)

    def parts(self) -> dict[str, sql.Composable]:
        """What the statements need."""
        column = sql.SQL("linked.{}").format(sql.Identifier(self.name))
        value = self._text(column)
        is_named = "{} @> array[texts.value]" if isinstance(self.named, Listed) else "{} = texts.value"
        return {
            "kind": sql.Literal(self.kind),
            "values": self._texts(column),
            "values_before": self._texts_before(),
            "is_named": sql.SQL(is_named).format(value),
            "table": validated_table(self.system, self.resource),
            "system": sql.Literal(self.system.name),
            "resource": sql.Literal(self.resource.name),
            "is_told": self._is_told(),
        }

    def index(self) -> sql.Composed:
        """SQL for the index by which the records that hold a value are found."""
        statement = "create index if not exists {} on {} using {} (({}))"
        return sql.SQL(statement).format(
            sql.Identifier(f"{table_name(self.system, self.resource)}__{self.name}"),
            validated_table(self.system, self.resource),
            sql.SQL("gin" if isinstance(self.named, Listed) else "btree"),
            self._text(sql.Identifier(self.name)),
        )

    def _text(self, column: sql.Composable) -> sql.Composed:
        """What a column holds, in the one notation that is looked up: a text, or a list of texts."""
        if isinstance(self.named, Listed):
            return sql.SQL("ops.link_texts({}, {}, {})").format(
                sql.Literal(self.kind), column, sql.Literal(self.named.path)
            )
        if self.is_key:
            return sql.SQL("{}::text").format(column)
        return sql.SQL("ops.link_text({}, {}::text)").format(sql.Literal(self.kind), column)

    def _texts(self, column: sql.Composable) -> sql.Composed:
        """What a column names, a row for each."""
        if isinstance(self.named, Listed):
            return sql.SQL("unnest({})").format(self._text(column))
        return self._split(self._text(column))

    def _split(self, text: sql.Composed) -> sql.Composed:
        return sql.SQL("regexp_split_to_table({}, '\\s*;\\s*')").format(text) if self.is_key else text

    def _is_told(self) -> sql.Composed | sql.SQL:
        """Whether it is known what a changed record named before: what is named by a key always is."""
        if self.name == self.resource.key:
            return sql.SQL("true")
        return sql.SQL("changed.before ? {}").format(sql.Literal(self.name))

    def _texts_before(self) -> sql.Composed:
        """What a changed record named before; one that was never valid is at least known by its key."""
        held: sql.Composable = sql.SQL("(changed.before ->> {})").format(sql.Literal(self.name))
        if isinstance(self.named, Listed):  # the list that the trigger kept
            kept = sql.SQL("changed.before -> {}").format(sql.Literal(self.name))
            statement = (
                "unnest(ops.link_texts({}, case when jsonb_typeof({kept}) = 'array' then {kept} end, '$[*]'))"
            )
            return sql.SQL(statement).format(sql.Literal(self.kind), kept=kept)
        if self.name == self.resource.key:
            held = sql.SQL("nullif(changed.record_key, '')")
        return self._split(self._text(held))


def is_whole(resource: Resource) -> bool:
    """Whether a resource's records are always worked on together."""
    return resource.entity in WHOLE


def list_links(systems: Sequence[System]) -> list[Link]:
    """The links of all resources whose records are not always worked on together, but for those to a whole."""
    return [link for link in _list_all(systems) if link.named != SKU and not isinstance(link.named, PartOf)]


def list_parts(systems: Sequence[System]) -> list[Link]:
    """The links of parts to their wholes."""
    return [link for link in _list_all(systems) if isinstance(link.named, PartOf)]


def index_links(connection: Connection, systems: Sequence[System]) -> None:
    """Let records be found by what they name."""
    for link in (*list_links(systems), *list_parts(systems)):
        connection.execute(link.index())


def analyze_links(connection: Connection, systems: Sequence[System]) -> None:
    """Let PostgreSQL know how many records an index finds; else it would read whole tables."""
    for table in {table_name(link.system, link.resource) for link in (*list_links(systems), *list_parts(systems))}:
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier("validated", table)))


def _list_all(systems: Sequence[System]) -> Iterator[Link]:
    for system in systems:
        for resource in system.resources:
            if not is_whole(resource):
                for name, named in (resource.links or {}).items():
                    yield Link(system, resource, name, named)
