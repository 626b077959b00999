"""What the schema says of itself, by graphql-core: the records have nothing to do with it."""

from typing import Any

from graphql import graphql_sync

from sandbox.vendors.shopify.documents import SCHEMA, Document

_ROOTS = frozenset({"__schema", "__type", "__typename"})


def asks_for_schema(document: Document, operation_name: str | None) -> bool:
    """Whether all root fields are about the schema."""
    return all(node.name.value in _ROOTS for node in document.root_fields(operation_name))


def describe_schema(query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The data of the response."""
    return graphql_sync(SCHEMA, query, variable_values=variables).data or {}
