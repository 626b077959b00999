"""`$filter` and `$orderby` as SQL over the stored records."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.queries import Where
from sandbox.vendors.odata.errors import ODataError, bad
from sandbox.vendors.odata.model import EntityType, Property

_TOKEN = re.compile(
    r"\s*(?:(?P<typed>datetimeoffset|datetime|time|guid)?(?P<text>'(?:[^']|'')*')"
    r"|(?P<moment>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?)"
    r"|(?P<number>-?\d+(?:\.\d+)?[MLdf]?)|(?P<mark>[(),])|(?P<word>[A-Za-z_]\w*))"
)
_SIGNS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_PATTERNS = {"startswith": "{}%", "endswith": "%{}", "contains": "%{}%", "substringof": "%{}%"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(text: str) -> list[_Token]:
    found, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise bad(f"Invalid token detected at position {position}", code="/IWBEP/CM_MGW_EXPR/101")
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind]))
        position = match.end()
    return found


def column(name: str) -> str:
    """A property of the stored JSON."""
    return f"json_extract(body, '$.{name}')"


class _Parser:
    """Recursive descent; `or` binds loosest, then `and`, then `not`."""

    def __init__(self, entity: EntityType, text: str) -> None:
        self._entity, self._tokens, self._at = entity, _tokens(text), 0

    def parse(self) -> Where:
        found = self._any()
        if self._at < len(self._tokens):
            raise self._unexpected()
        return found

    def _any(self) -> Where:
        return self._joined("or", self._all)

    def _all(self) -> Where:
        return self._joined("and", self._one)

    def _joined(self, word: str, part: Any) -> Where:
        parts = [part()]
        while self._is_word(word):
            self._at += 1
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        sql = f" {word} ".join(f"({item.sql})" for item in parts)
        return Where(sql, tuple(value for item in parts for value in item.params))

    def _one(self) -> Where:
        if self._is_word("not"):
            self._at += 1
            inner = self._one()
            return Where(f"not ({inner.sql})", inner.params)
        token = self._next()
        if token.text == "(" and token.kind == "mark":
            inner = self._any()
            self._expect(")")
            return inner
        if token.kind != "word":
            raise self._unexpected()
        return self._function(token.text) if token.text in _PATTERNS else self._comparison(token.text)

    def _function(self, name: str) -> Where:
        self._expect("(")
        first = self._next()
        self._expect(",")
        second = self._next()
        self._expect(")")
        prop, text = (second, first) if name == "substringof" else (first, second)
        wanted = _unquoted(text.text).replace("%", "")
        if self._is_word("eq"):
            self._at += 2
        return Where(f"{column(self._property(prop.text).name)} like ?", (_PATTERNS[name].format(wanted),))

    def _comparison(self, name: str) -> Where:
        prop, sign = self._property(name), _SIGNS.get(self._next().text)
        token = self._next()
        if sign is None:
            raise self._unexpected()
        if token.kind == "word" and token.text == "null":
            return Where(f"{column(name)} is {'not ' if sign == '<>' else ''}null")
        value = _value(prop, token)
        shown = f"cast({column(name)} as real)" if prop.type == "decimal" else column(name)
        return Where(f"{shown} {sign} ?", (value,))

    def _property(self, name: str) -> Property:
        found = self._entity.properties.get(name)
        if found is None:
            message = f"Property {name} not found in type {self._entity.type_name}"
            raise ODataError(400, "/IWBEP/CM_MGW_EXPR/106", message)
        return found

    def _is_word(self, word: str) -> bool:
        here = self._tokens[self._at] if self._at < len(self._tokens) else None
        return here is not None and here.kind == "word" and here.text == word

    def _next(self) -> _Token:
        if self._at >= len(self._tokens):
            raise self._unexpected()
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, mark: str) -> None:
        if self._next().text != mark:
            raise self._unexpected()

    def _unexpected(self) -> ODataError:
        return bad(f"Invalid token detected near {self._at}", code="/IWBEP/CM_MGW_EXPR/101")


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _value(prop: Property, token: _Token) -> object:
    text = _unquoted(token.text)
    try:
        match prop.type:
            case "moment":
                return to_datetime(to_micros(text)).isoformat()
            case "date":
                return datetime.fromisoformat(text).date().isoformat()
            case "decimal":
                return float(text.rstrip("MLdf"))
            case "boolean":
                return int(text == "true")
    except ValueError as wrong:
        raise bad(f"Invalid literal for {prop.name}", code="/IWBEP/CM_MGW_EXPR/101") from wrong
    return prop.pad(text)


def where_of(entity: EntityType, text: str) -> Where:
    """The condition of a `$filter`; all records where it is empty."""
    return _Parser(entity, text).parse() if text.strip() else Where()


def order_of(entity: EntityType, text: str) -> str:
    """The order of an `$orderby`; without one, that of the key."""
    steps = []
    for step in text.split(",") if text.strip() else entity.keys:
        name, _, way = step.strip().partition(" ")
        if name not in entity.properties:
            raise bad(f"Property {name} not found in type {entity.type_name}", code="/IWBEP/CM_MGW_EXPR/106")
        steps.append(f"{column(name)}{' desc' if way.strip() == 'desc' else ''}")
    return ", ".join(steps)
