"""The GraphQL endpoint: reads a document, charges its cost and runs it; the status is 200 also for errors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, OperationDefinitionNode, OperationType
from graphql.execution.values import VariableValues, get_variable_values

from sandbox.server.store import Store
from sandbox.vendors.shopify.bulk import Bulk
from sandbox.vendors.shopify.cost import Costs
from sandbox.vendors.shopify.documents import SCHEMA, Document, DocumentError, read
from sandbox.vendors.shopify.fields import SPECIAL
from sandbox.vendors.shopify.introspection import asks_for_schema, describe_schema
from sandbox.vendors.shopify.mutations import compile_mutation
from sandbox.vendors.shopify.projector import Compiler
from sandbox.vendors.shopify.refusals import Asked
from sandbox.vendors.shopify.roots import compile_root

Reply = dict[str, Any]
_THROTTLED = {
    "message": "Throttled",
    "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
}


@dataclass(frozen=True, slots=True)
class Request:
    """A GraphQL request as it came in."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None
    version: str
    token: str
    bulk: Bulk | None = None


@dataclass(frozen=True, slots=True)
class _Ready:
    """All roots of an operation, compiled, and their cost."""

    roots: dict[str, Callable[[], tuple[Any, int]]]
    cost: int


def throttled(costs: Costs, token: str, requested: int) -> Reply:
    """The response to a query that must wait."""
    return {"errors": [_THROTTLED], "extensions": {"cost": costs.shown(token, requested, None)}}


def execute(store: Store, costs: Costs, request: Request) -> Reply:
    """Run one request; gives its response."""
    try:
        if asks_for_schema(read(request.query), request.operation_name):
            return {"data": describe_schema(request.query, request.variables)}
        ready = _prepare(store, request)
    except DocumentError as refused:
        return {"errors": refused.errors}
    if ready.cost > costs.largest_query:
        message = (
            f"Query cost is {ready.cost}, which exceeds the single query max cost limit ({costs.largest_query})."
        )
        extensions = {"code": "MAX_COST_EXCEEDED", "cost": ready.cost, "maxCost": costs.largest_query}
        return {"errors": [{"message": message, "extensions": extensions}]}
    if costs.available(request.token) < min(ready.cost, costs.size):
        return throttled(costs, request.token, ready.cost)
    data, actual = {}, 0
    for key, root in ready.roots.items():
        data[key], cost = root()
        actual += cost
    costs.charge(request.token, actual)
    return {"data": data, "extensions": {"cost": costs.shown(request.token, ready.cost, actual)}}


def _prepare(store: Store, request: Request) -> _Ready:
    document = read(request.query)
    operation = document.operation(request.operation_name)
    compiler = Compiler(store, document, _coerced(operation, request.variables), SPECIAL)
    is_mutation = operation.operation is OperationType.MUTATION
    root_type = SCHEMA.mutation_type if is_mutation else SCHEMA.query_type
    assert isinstance(root_type, GraphQLObjectType)
    asked = Asked({}, request.version, request.bulk)
    roots, total = {}, 0
    for key, nodes in compiler.collect(root_type, [operation.selection_set]).items():
        if nodes[0].name.value == "__typename":
            roots[key], cost = (lambda: (root_type.name, 0)), 0
        elif is_mutation:
            roots[key], cost = compile_mutation(compiler, store, nodes, asked)
        else:
            roots[key], cost = compile_root(compiler, store, nodes, request.bulk)
        total += cost
    return _Ready(roots, total)


def _coerced(operation: OperationDefinitionNode, given: dict[str, Any]) -> VariableValues:
    values = get_variable_values(SCHEMA, operation.variable_definitions or (), given, hide_suggestions=True)
    if isinstance(values, VariableValues):
        return values
    raise DocumentError(
        [
            {
                "message": error.message,
                "locations": [{"line": place.line, "column": place.column} for place in error.locations or []],
                "extensions": {"code": "INVALID_VARIABLE"},
            }
            for error in values
        ]
    )


def names_in(document: Document, operation_name: str | None) -> list[str]:
    """The root fields of a document, which are the shop's names of its operations."""
    return [node.name.value for node in document.root_fields(operation_name)]


def roots_by_key(document: Document, operation_name: str | None) -> dict[str, str]:
    """The root fields under their keys in the response."""
    fields = document.root_fields(operation_name)
    return {(node.alias or node.name).value: node.name.value for node in fields}


def mutations_in(store: Store, request: Request) -> list[tuple[str, dict[str, Any]]]:
    """The mutations of a request with their arguments, as far as they can be read."""
    document = read(request.query)
    operation = document.operation(request.operation_name)
    if operation.operation is not OperationType.MUTATION:
        return []
    compiler = Compiler(store, document, _coerced(operation, request.variables), SPECIAL)
    return [
        (node.name.value, compiler.arguments("Mutation", node))
        for node in document.root_fields(request.operation_name)
    ]
