"""The query of a bulk operation: one connection without pages; records of inner connections are separate lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLSyntaxError,
    IntValueNode,
    NameNode,
    SelectionSetNode,
    Visitor,
    get_nullable_type,
    is_list_type,
    parse,
    print_ast,
    visit,
)
from graphql.execution.values import VariableValues, get_variable_values

from sandbox.server.queries import Order, Where
from sandbox.server.records import Record, decode, encode
from sandbox.server.store import Store
from sandbox.vendors.shopify.documents import SCHEMA, DocumentError, field_type, read
from sandbox.vendors.shopify.fields import SPECIAL
from sandbox.vendors.shopify.projector import Compiled, Compiler, Slice
from sandbox.vendors.shopify.roots import CONNECTIONS, where_of

_EVERYTHING = 1_000_000
_CHUNK = 100
_MOST_CONNECTIONS = 5
_DEEPEST = 2
_Tree = dict[str, "_Tree"]


class _WithoutPages(Visitor):
    """Gives every connection an unlimited `first`, because a bulk query ignores that argument."""

    def enter_field(self, node: FieldNode, *_: object) -> FieldNode | None:
        if not _inner(node, "edges") and not _inner(node, "nodes"):
            return None
        argument = ArgumentNode(name=NameNode(value="first"), value=IntValueNode(value=str(_EVERYTHING)))
        kept = tuple(argument for argument in node.arguments or () if argument.name.value != "first")
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=(*kept, argument),
            directives=node.directives,
            selection_set=node.selection_set,
        )


@dataclass(frozen=True, slots=True)
class BulkQuery:
    """A query that may be run in bulk, compiled."""

    store: Store
    text: str
    collection: str
    where: Where
    child: Compiled
    tree: _Tree

    def lines(self) -> Iterator[tuple[bytes, bool]]:
        """The lines, and whether each is of a root record: some parents first, then their children."""
        where, order = self.where, Order()
        while rows := self.store.page(self.collection, where, order, limit=_CHUNK):
            part = self.child.project(Slice([decode(row[2]) for row in rows], ["-"] * len(rows)))
            children: list[Record] = []
            for edge in part["edges"]:
                node, inner = _flattened(edge["node"], self.tree)
                children.extend(inner)
                yield encode(node), True
            yield from ((encode(node), False) for node in children)
            where = order.after(self.where, (rows[-1][1], rows[-1][0]))


def _flattened(node: Record, tree: _Tree) -> tuple[Record, list[Record]]:
    below: list[Record] = []
    for name, inner in tree.items():
        connection = node.pop(name, None) or {"edges": []}
        for edge in connection["edges"]:
            child, deeper = _flattened(edge["node"], inner)
            below.extend([{**child, "__parentId": node["id"]}, *deeper])
    return node, below


def read_bulk_query(store: Store, text: str) -> BulkQuery:
    """Read the query; `DocumentError` for a document that is no query or cannot be run in bulk."""
    try:
        written = print_ast(visit(parse(text), _WithoutPages()))
    except GraphQLSyntaxError as wrong:
        raise DocumentError([{"message": wrong.message}]) from wrong
    document = read(written)
    roots = document.root_fields(None)
    name = roots[0].name.value
    if len(roots) != 1 or name not in CONNECTIONS:
        raise DocumentError([{"message": "Bulk queries must contain exactly one connection at the top."}])
    tree = _connections(roots[0], field_type("QueryRoot", name).name)
    _check_size(tree)
    values = get_variable_values(SCHEMA, document.operation(None).variable_definitions or (), {})
    assert isinstance(values, VariableValues)
    compiler = Compiler(store, document, values, SPECIAL)
    where = where_of(store, name, compiler.arguments("QueryRoot", roots[0]))
    child = compiler.child(field_type("QueryRoot", name), [roots[0]])
    return BulkQuery(store, text, CONNECTIONS[name], where, child, tree)


def _connections(connection: FieldNode, type_name: str) -> _Tree:
    """The connections below the nodes of a connection; each node must select its id."""
    edges = _inner(connection, "edges")
    node = _inner(edges, "node") if edges else None
    if node is None or not _inner(node, "id"):
        message = "The parent 'node' field for a nested connection must select the 'id' field without an alias."
        raise DocumentError([{"message": message}])
    node_type = field_type(type_name.replace("Connection", "Edge"), "node").name
    tree: _Tree = {}
    for item in _fields(node.selection_set):
        _check_list(item, node_type)
        inner = field_type(node_type, item.name.value).name if item.selection_set else ""
        if inner.endswith("Connection"):
            tree[item.name.value] = _connections(item, inner)
    return tree


def _check_list(node: FieldNode, type_name: str, *, is_below: bool = False) -> None:
    """Refuses a connection anywhere below a list."""
    if node.selection_set is None or node.name.value == "__typename":
        return
    field: Any = SCHEMA.type_map[type_name].fields[node.name.value]  # type: ignore[attr-defined]
    inner = field_type(type_name, node.name.value).name
    if inner.endswith("Connection"):
        if is_below:
            message = "Queries that contain a connection field within a list field are not currently supported."
            raise DocumentError([{"message": message}])
        return
    is_list = is_below or is_list_type(get_nullable_type(field.type))
    for item in _fields(node.selection_set):
        _check_list(item, inner, is_below=is_list)


def _check_size(tree: _Tree) -> None:
    if 1 + _count(tree) > _MOST_CONNECTIONS:
        raise DocumentError([{"message": f"Bulk queries cannot have more than {_MOST_CONNECTIONS} connections."}])
    if _depth(tree) > _DEEPEST:
        raise DocumentError([{"message": "Bulk queries cannot contain connections with a nesting depth above 2."}])


def _count(tree: _Tree) -> int:
    return len(tree) + sum(_count(inner) for inner in tree.values())


def _depth(tree: _Tree) -> int:
    return max((1 + _depth(inner) for inner in tree.values()), default=0)


def _fields(selection: SelectionSetNode | None) -> list[FieldNode]:
    return [node for node in (selection.selections if selection else ()) if isinstance(node, FieldNode)]


def _inner(node: FieldNode, name: str) -> FieldNode | None:
    return next((item for item in _fields(node.selection_set) if item.name.value == name), None)
