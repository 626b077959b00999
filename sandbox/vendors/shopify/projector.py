"""Turns a selection of fields into a function over stored records.

graphql-core's executor spends some hundred microseconds on a record; compiled once per request, the same selection
costs a few. The selection is validated before, so that it fits the schema.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_object_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values
from graphql.type import GraphQLIncludeDirective, GraphQLSkipDirective

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.shopify.documents import SCHEMA, Document

Project = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A projection, the names it reads from its record, and what one record of it costs."""

    project: Project
    names: frozenset[str]
    cost: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a connection."""

    items: list[Record]
    cursors: list[str]
    has_next: bool = False
    has_previous: bool = False


@dataclass(frozen=True, slots=True)
class FieldContext:
    """What the function of a computed field is given."""

    store: Store
    name: str
    arguments: dict[str, Any]
    child: Compiled | None


FieldMaker = Callable[[FieldContext], Project]


def connection_cost(first: int, node_cost: int) -> int:
    """The cost of a connection: a quarter of what its nodes would cost one by one."""
    return 2 + math.ceil(first * node_cost / 4)


class Compiler:
    """Compiles the selections of one request, its variables already coerced."""

    def __init__(
        self,
        store: Store,
        document: Document,
        variables: VariableValues,
        special: dict[tuple[str, str], FieldMaker],
    ) -> None:
        self._store, self._document, self._variables, self._special = store, document, variables, special

    def arguments(self, type_name: str, node: FieldNode) -> dict[str, Any]:
        """The coerced arguments of a field."""
        field = SCHEMA.type_map[type_name].fields[node.name.value]  # type: ignore[attr-defined]
        return get_argument_values(field, node, self._variables)

    def directive(self, name: str, node: FieldNode) -> dict[str, Any] | None:
        """The coerced arguments of a directive on a field, or None without it."""
        directive = SCHEMA.get_directive(name)
        return get_directive_values(directive, node, self._variables) if directive else None

    def compile(self, type_: GraphQLNamedType, selections: Iterable[SelectionSetNode]) -> Compiled:
        """The projection of an object type."""
        assert isinstance(type_, GraphQLObjectType)
        if type_.name.endswith("Connection"):
            return self._connection(type_, selections)
        plan, names, cost = [], set(), 1
        for key, nodes in self.collect(type_, selections).items():
            project, field_cost = self._field(type_, nodes)
            plan.append((key, project))
            names.add(nodes[0].name.value)
            cost += field_cost
        return Compiled(lambda record: {key: project(record) for key, project in plan}, frozenset(names), cost)

    def collect(
        self, type_: GraphQLObjectType, selections: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """The fields that apply to a type, by response key, fragments opened."""
        found: dict[str, list[FieldNode]] = {}
        for selection_set in selections:
            for node in self._fields_in(type_, selection_set):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        return found

    def _fields_in(self, type_: GraphQLObjectType, selection_set: SelectionSetNode) -> Iterator[FieldNode]:
        for node in selection_set.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            fragment: Any = node
            if isinstance(node, FragmentSpreadNode):
                fragment = self._document.fragments[node.name.value]
            condition = fragment.type_condition
            if condition is None or _applies(condition.name.value, type_):
                yield from self._fields_in(type_, fragment.selection_set)

    def _is_included(self, node: FieldNode | FragmentSpreadNode | InlineFragmentNode | Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))

    def _field(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> tuple[Project, int]:
        name = nodes[0].name.value
        if name == "__typename":
            return lambda record: type_.name, 0
        field = type_.fields[name]
        arguments = get_argument_values(field, nodes[0], self._variables) if field.args else {}
        named = get_named_type(field.type)
        child = self.child(named, nodes) if is_object_type(named) else None
        cost = child.cost if child else 0
        if named.name.endswith("Connection"):
            cost = connection_cost(int(arguments.get("first") or 0), cost)
        maker = self._special.get((type_.name, name)) or self._special.get(("*", name))
        if maker:
            return maker(FieldContext(self._store, name, arguments, child)), cost
        return _plain(name, field.type, child), cost

    def child(self, type_: GraphQLNamedType, nodes: list[FieldNode]) -> Compiled:
        """The projection below a field."""
        return self.compile(type_, [node.selection_set for node in nodes if node.selection_set])

    def _connection(self, type_: GraphQLObjectType, selections: Iterable[SelectionSetNode]) -> Compiled:
        """The projection of a connection, from a `Slice`; its cost is that of one node."""
        parts: list[tuple[str, Callable[[Slice], Any]]] = []
        cost = 0
        for key, nodes in self.collect(type_, selections).items():
            name = nodes[0].name.value
            if name == "nodes":
                node = self.child(get_named_type(type_.fields["nodes"].type), nodes)
                parts.append((key, _nodes(node.project)))
                cost += node.cost
            elif name == "edges":
                edge_type = get_named_type(type_.fields["edges"].type)
                part, edge_cost = self._edges(edge_type, nodes)
                parts.append((key, part))
                cost += edge_cost
            elif name == "pageInfo":
                parts.append((key, _page_info(self.child(SCHEMA.type_map["PageInfo"], nodes).project)))
            else:
                parts.append((key, lambda part: type_.name))
        return Compiled(lambda part: {key: make(part) for key, make in parts}, frozenset(), cost)

    def _edges(self, edge_type: GraphQLNamedType, nodes: list[FieldNode]) -> tuple[Callable[[Slice], Any], int]:
        edge = self.child(edge_type, nodes)

        def edges(part: Slice) -> list[Any]:
            pairs = zip(part.cursors, part.items, strict=True)
            return [edge.project({"cursor": cursor, "node": item}) for cursor, item in pairs]

        return edges, max(edge.cost - 1, 0)


def _applies(condition: str, type_: GraphQLObjectType) -> bool:
    return condition == type_.name or any(interface.name == condition for interface in type_.interfaces)


def _plain(name: str, type_: GraphQLOutputType, child: Compiled | None) -> Project:
    if child is None:
        return lambda record: record.get(name)
    project = child.project
    if is_list_type(get_nullable_type(type_)):
        return _plain_list(name, project, can_be_null=is_list_type(type_))

    def project_object(record: Record) -> Any:
        value = record.get(name)
        return None if value is None else project(value)

    return project_object


def _plain_list(name: str, project: Project, *, can_be_null: bool) -> Project:
    def project_list(record: Record) -> list[Any] | None:
        items = record.get(name)
        if items is None:
            return None if can_be_null else []
        return [project(item) for item in items]

    return project_list


def _nodes(project: Project) -> Callable[[Slice], list[Any]]:
    return lambda part: [project(item) for item in part.items]


def _page_info(project: Project) -> Callable[[Slice], Any]:
    def page_info(part: Slice) -> Any:
        return project(
            {
                "hasNextPage": part.has_next,
                "hasPreviousPage": part.has_previous,
                "startCursor": part.cursors[0] if part.cursors else None,
                "endCursor": part.cursors[-1] if part.cursors else None,
            }
        )

    return page_info
