"""Parses and validates GraphQL documents once, by graphql-core, and refuses them in the shop's words."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    build_schema,
    get_named_type,
    parse,
    validate,
)

SCHEMA = build_schema((Path(__file__).parent / "schema.graphql").read_text(encoding="utf-8"))

_SHOP_WORDS = (
    (
        re.compile(r"Cannot query field '(\w+)' on type '(\w+)'"),
        "undefinedField",
        "Field '{0}' doesn't exist on type '{1}'",
    ),
    (
        re.compile(r"Unknown argument '(\w+)' on field '(\w+)\.(\w+)'"),
        "argumentNotAccepted",
        "Field '{2}' doesn't accept argument '{0}'",
    ),
    (
        re.compile(r"(?:Field|Argument) '(\w+)' (?:argument )?.*required"),
        "missingRequiredArguments",
        "Field '{0}' is missing required arguments",
    ),
    (re.compile(r"Unknown directive '@(\w+)'"), "undefinedDirective", "Directive @{0} is not defined"),
    (
        re.compile(r"Variable '\$(\w+)' is not defined"),
        "variableNotDefined",
        "Variable ${0} is used but not declared",
    ),
    (re.compile(r"Variable '\$(\w+)' is never used"), "variableNotUsed", "Variable ${0} is declared but not used"),
    (
        re.compile(r"Field '(\w+)' .*must have a selection"),
        "selectionMismatch",
        "Field must have selections ({0})",
    ),
)


class DocumentError(Exception):
    """The document is refused; `errors` are those of the response."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document."""

    operations: dict[str, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run; a document with several needs its name."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None or name not in self.operations:
            raise DocumentError(
                [{"message": "An operation name is required" if name is None else f"No operation named {name!r}"}]
            )
        return self.operations[name]

    def root_fields(self, name: str | None) -> list[FieldNode]:
        """The root fields as written."""
        selections = self.operation(name).selection_set.selections
        return [node for node in selections if isinstance(node, FieldNode)]


def field_type(type_name: str, field_name: str) -> GraphQLNamedType:
    """The named type that a field of an object type gives."""
    type_ = SCHEMA.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    named: GraphQLNamedType = get_named_type(type_.fields[field_name].type)
    return named


def fields_of_type(name: str) -> dict[str, Any]:
    """The fields of an object type by name; changed ones hold for what is read from then on."""
    kind = SCHEMA.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    read.cache_clear()
    return kind.fields


@lru_cache(maxsize=512)
def read(text: str) -> Document:
    """Parses and validates; the same text is read once."""
    try:
        parsed = parse(text)
    except GraphQLSyntaxError as wrong:
        raise DocumentError(
            [_shown(wrong, "syntax error, " + wrong.message.removeprefix("Syntax Error: "), None)]
        ) from wrong
    errors = validate(SCHEMA, parsed)
    if errors:
        raise DocumentError([_in_shop_words(error) for error in errors])
    return _document(parsed)


def _document(parsed: DocumentNode) -> Document:
    operations, fragments = {}, {}
    for node in parsed.definitions:
        if isinstance(node, OperationDefinitionNode):
            operations[node.name.value if node.name else ""] = node
        elif isinstance(node, FragmentDefinitionNode):
            fragments[node.name.value] = node
    return Document(operations, fragments)


def _in_shop_words(error: GraphQLError) -> dict[str, Any]:
    for pattern, code, words in _SHOP_WORDS:
        found = pattern.search(error.message)
        if found:
            shown = _shown(error, words.format(*found.groups()), code)
            if code == "undefinedField":
                shown["extensions"] |= {"typeName": found[2], "fieldName": found[1]}
            return shown
    return _shown(error, error.message, "argumentLiteralsIncompatible")


def _shown(error: GraphQLError, message: str, code: str | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "message": message,
        "locations": [{"line": place.line, "column": place.column} for place in error.locations or []],
    }
    if code:
        shown["extensions"] = {"code": code}
    return shown
