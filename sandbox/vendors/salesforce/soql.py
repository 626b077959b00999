"""Reads SOQL: SELECT fields FROM object WHERE conditions ORDER BY fields LIMIT n OFFSET n."""

import re
from dataclasses import dataclass

from sandbox.vendors.salesforce.errors import SalesforceError

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*')
    |(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d)
    |(?P<number>[+-]?\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_][\w.]*)
    |(?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,))""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_COMPARISONS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in a condition: kind is text, stamp, date, number, boolean or null."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field sign value`, or `field IN (values)`."""

    field: str
    sign: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Combination:
    """Conditions joined by `and` or `or`, or one of them under `not`."""

    word: str
    parts: tuple["Condition", ...]


Condition = Comparison | Combination


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; its names are not looked up yet."""

    fields: tuple[str, ...]
    object: str
    where: Condition | None = None
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None
    offset: int = 0
    is_count: bool = False


def malformed(message: str) -> SalesforceError:
    """The error for a text that is no SOQL."""
    return SalesforceError("MALFORMED_QUERY", message)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.place = 0

    def peek(self) -> _Token:
        return self.tokens[self.place]

    def is_next(self, *words: str) -> bool:
        ahead = self.tokens[self.place : self.place + len(words)]
        return len(ahead) == len(words) and all(t.text.lower() == w for t, w in zip(ahead, words, strict=True))

    def take(self) -> _Token:
        token = self.peek()
        self.place += 1
        return token

    def accept(self, *words: str) -> bool:
        if self.is_next(*words):
            self.place += len(words)
            return True
        return False

    def expect(self, kind: str, text: str | None = None) -> _Token:
        token = self.take()
        if token.kind != kind or (text is not None and token.text.lower() != text):
            raise malformed(f"unexpected token: '{token.text or '<EOF>'}'")
        return token


def _tokens(text: str) -> list[_Token]:
    tokens, place, text = [], 0, text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise malformed(f"unexpected token: '{text[place : place + 20].strip()}'")
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        place = match.end()
    tokens.append(_Token("end", ""))
    return tokens


def read(text: str) -> Query:
    """The query, or MALFORMED_QUERY."""
    reader = _Reader(text)
    reader.expect("name", "select")
    is_count = reader.accept("count", "(", ")")
    fields = () if is_count else _names(reader)
    reader.expect("name", "from")
    name = reader.expect("name").text
    where = _any(reader) if reader.accept("where") else None
    order = _order(reader) if reader.accept("order", "by") else ()
    limit = int(reader.expect("number").text) if reader.accept("limit") else None
    offset = int(reader.expect("number").text) if reader.accept("offset") else 0
    reader.accept("all", "rows")
    reader.expect("end")
    return Query(fields, name, where, order, limit, offset, is_count)


def _names(reader: _Reader) -> tuple[str, ...]:
    names = [reader.expect("name").text]
    while reader.accept(","):
        names.append(reader.expect("name").text)
    return tuple(names)


def _order(reader: _Reader) -> tuple[tuple[str, bool], ...]:
    order = []
    while True:
        name = reader.expect("name").text
        is_descending = reader.accept("desc")
        if not is_descending:
            reader.accept("asc")
        if reader.accept("nulls"):
            reader.expect("name")
        order.append((name, is_descending))
        if not reader.accept(","):
            return tuple(order)


def _any(reader: _Reader) -> Condition:
    return _joined(reader, "or")


def _joined(reader: _Reader, word: str) -> Condition:
    """Conditions joined by AND or OR; both without parentheses are refused, as by Salesforce."""
    parts = [_one(reader)]
    joined_by = None
    while reader.is_next("and") or reader.is_next("or"):
        following = reader.take().text.lower()
        if joined_by not in (None, following):
            raise malformed(f"unexpected token: '{following}'")
        joined_by = following
        parts.append(_one(reader))
    return parts[0] if len(parts) == 1 else Combination(joined_by or word, tuple(parts))


def _one(reader: _Reader) -> Condition:
    if reader.accept("not"):
        return Combination("not", (_one(reader),))
    if reader.accept("("):
        condition = _any(reader)
        reader.expect("sign", ")")
        return condition
    name = reader.expect("name").text
    if reader.accept("not", "in"):
        return Comparison(name, "not in", _list(reader))
    if reader.accept("in"):
        return Comparison(name, "in", _list(reader))
    if reader.accept("like"):
        return Comparison(name, "like", (_literal(reader),))
    sign = reader.expect("sign").text
    if sign not in _COMPARISONS:
        raise malformed(f"unexpected token: '{sign}'")
    return Comparison(name, "!=" if sign == "<>" else sign, (_literal(reader),))


def _list(reader: _Reader) -> tuple[Literal, ...]:
    reader.expect("sign", "(")
    values = [_literal(reader)]
    while reader.accept(","):
        values.append(_literal(reader))
    reader.expect("sign", ")")
    return tuple(values)


def _literal(reader: _Reader) -> Literal:
    token = reader.take()
    if token.kind == "text":
        return Literal("text", _ESCAPED.sub(lambda m: _ESCAPES.get(m[1], m[1]), token.text[1:-1]))
    if token.kind in ("stamp", "date", "number"):
        return Literal(token.kind, token.text)
    word = token.text.lower()
    if word == "null":
        return Literal("null", "")
    if word in ("true", "false"):
        return Literal("boolean", word)
    raise malformed(f"unexpected token: '{token.text or '<EOF>'}'")
