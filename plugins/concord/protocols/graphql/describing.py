"""What a GraphQL server says of its types: which declared paths there are, and what kind of value each holds.

https://spec.graphql.org/October2021/#sec-Introspection
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from concord.contract import Kind, Resource, Session
from concord.contract.fields import split_path
from concord.errors import RequestError
from concord.protocols.describing import paths_of
from concord.protocols.graphql.api import GraphQLApi, decode_part
from concord.protocols.graphql.selection import selected_path

_QUERY = """query($name: String!) {__type(name: $name) {fields(includeDeprecated: true) {
name type {kind name ofType {kind name ofType {kind name ofType {kind name}}}}}}}"""
_SCALARS = {
    "Boolean": Kind.BOOLEAN,
    "Int": Kind.INTEGER,
    "Float": Kind.DECIMAL,
    "Decimal": Kind.DECIMAL,
    "DateTime": Kind.TIMESTAMP,
    "Date": Kind.DATE,
    "JSON": Kind.JSON,
    "String": Kind.TEXT,
    "ID": Kind.TEXT,
}


class _Type(msgspec.Struct, rename="camel"):
    kind: str
    name: str | None = None
    of_type: "_Type | None" = None


class _FieldInfo(msgspec.Struct):
    name: str
    type: _Type


class _Fields(msgspec.Struct):
    fields: list[_FieldInfo] | None


class _Name(msgspec.Struct):
    name: str


class _Schema(msgspec.Struct, rename="camel"):
    query_type: _Name


_schema = msgspec.json.Decoder(_Schema)
_fields = msgspec.json.Decoder(_Fields | None)


@dataclass(frozen=True, slots=True)
class _Node:
    """The named type at the end of a field, and whether the field holds a list of it."""

    kind: str
    name: str
    is_list: bool

    @property
    def holds(self) -> Kind | None:
        if self.is_list or self.kind in ("OBJECT", "INTERFACE", "UNION"):
            return Kind.JSON
        return Kind.TEXT if self.kind == "ENUM" else _SCALARS.get(self.name)


def describe_type(api: GraphQLApi, session: Session, root: str, resource: Resource) -> dict[str, Kind | None]:
    """The paths of a resource that the schema has below the type `root`, and all fields of that.

    Raises a `RequestError` where it has no such type.
    """
    selected = {item.path: selected_path(item) for item in resource.fields}
    types: dict[str, Mapping[str, _Node]] = {}

    def fields_of(name: str) -> Mapping[str, _Node]:
        if name not in types:
            types[name] = _ask_type(api, session, name)
        return types[name]

    def find(path: str) -> _Node | None:
        node = _Node("OBJECT", root, is_list=False)
        for part in split_path(path):
            below = fields_of(node.name).get(part)
            if below is None:
                return None
            node = below
        return node

    found = {**fields_of(root), **{path: find(selected.get(path, path)) for path in paths_of(resource)}}
    return {path: node.holds for path, node in found.items() if node is not None}


def find_type(api: GraphQLApi, session: Session, path: Sequence[str]) -> str | None:
    """The type at the end of a path from the root of queries, None where the schema has none there with fields."""
    data = session.once(f"{api.path} __schema", lambda: api.run(session, "{__schema {queryType {name}}}", {}))
    name = decode_part(_schema.decode, data.get("__schema")).query_type.name
    for part in path:
        below = _ask_type(api, session, name).get(part)
        if below is None or below.kind not in ("OBJECT", "INTERFACE"):
            return None
        name = below.name
    return name


def _ask_type(api: GraphQLApi, session: Session, name: str) -> dict[str, _Node]:
    data = session.once(f"{api.path} __type {name}", lambda: api.run(session, _QUERY, {"name": name}))
    found = decode_part(_fields.decode, data.get("__type"))
    if found is None or found.fields is None:
        raise RequestError(f"The vendor's schema has no type {name} with fields; check the API version.")
    return {item.name: _node_of(item.type) for item in found.fields}


def _node_of(told: _Type) -> _Node:
    is_list = False
    while told.of_type is not None:
        is_list = is_list or told.kind == "LIST"
        told = told.of_type
    return _Node(told.kind, told.name or "", is_list)
