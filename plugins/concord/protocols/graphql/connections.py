"""Connections of GraphQL: lists of which each page says whether another one follows, and behind which cursor.

https://relay.dev/graphql/connections.htm
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from concord.contract import Page, Session
from concord.errors import ConfigurationError, ServerError
from concord.protocols.graphql.api import GraphQLApi, decode_part
from concord.protocols.reading import Pages, batched

_IDS_PER_QUERY = 100


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _Connection(msgspec.Struct, rename="camel"):
    nodes: list[msgspec.Raw]
    page_info: _PageInfo


class _Id(msgspec.Struct):
    id: str


_connection = msgspec.json.Decoder(_Connection)
_nodes = msgspec.json.Decoder(list[msgspec.Raw])
_id = msgspec.json.Decoder(_Id)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a query: its GraphQL type, such as `ID!`, and its value."""

    type: str
    value: object


@dataclass(frozen=True, slots=True)
class OnlyRecord:
    """The id of the only record of the connection `root`, unless `option` of the connection's extra names one."""

    option: str
    root: str

    def find(self, api: GraphQLApi, session: Session) -> str:
        """The id; a `ConfigurationError` where there is no record, or several to choose from."""
        value = session.option(self.option, "-")
        if value != "-":
            return value
        data = api.run(session, f"{{{self.root}(first: 2) {{nodes {{id}} pageInfo {{hasNextPage}}}}}}", {})
        found = decode_part(_connection.decode, data.get(self.root)).nodes
        if len(found) != 1:
            raise ConfigurationError(
                f"There are {len(found) or 'no'} {self.root} where one is expected; name the one to use as "
                f'"{self.option}" in the extra fields of connection "{session.connection.name}".',
                option=self.option,
            )
        return _id.decode(found[0]).id


@dataclass(frozen=True, slots=True)
class Selection:
    """What a query asks for of each record, and the variables that are named there."""

    text: str
    variables: Mapping[str, Variable] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, object]:
        """The values of the variables by name."""
        return {name: variable.value for name, variable in self.variables.items()}

    @property
    def declared(self) -> str:
        """The declarations of the variables, each behind a comma."""
        return "".join(f", ${name}: {variable.type}" for name, variable in self.variables.items())

    def read_connection(
        self, api: GraphQLApi, session: Session, root: str, arguments: str = "", *, size: int
    ) -> Iterator[Page]:
        """The pages of a root connection, each of `size` records; `arguments` are further ones of the root."""
        query = (
            f"query($first: Int!, $after: String{self.declared}) "
            f"{{{root}(first: $first, after: $after, {arguments}) {{nodes {{{self.text}}} "
            "pageInfo {hasNextPage endCursor}}}"
        )
        pages, cursor = Pages(root), None
        while True:
            data = api.run(session, query, {"first": size, "after": cursor, **self.values})
            found = decode_part(_connection.decode, data.get(root))
            yield found.nodes
            if not found.page_info.has_next_page:
                return
            cursor = found.page_info.end_cursor
            if not cursor:
                raise ServerError(f"A page of {root} says that more follow, but not where; run the task again.")
            pages.note_next(cursor)

    def read_nodes(
        self, api: GraphQLApi, session: Session, kind: str, ids: Sequence[str], *, size: int = _IDS_PER_QUERY
    ) -> Iterator[Page]:
        """Pages of the records of type `kind` that have these ids; an id that no record has is left out."""
        query = f"query($ids: [ID!]!{self.declared}) {{nodes(ids: $ids) {{... on {kind} {{{self.text}}}}}}}"
        for some in batched(ids, min(size, _IDS_PER_QUERY)):
            data = api.run(session, query, {"ids": list(some), **self.values})
            found = decode_part(_nodes.decode, data.get("nodes"))
            yield [raw for raw in found if bytes(raw) not in (b"null", b"{}")]
