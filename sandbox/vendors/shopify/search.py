"""The search syntax of `query:` arguments, turned into SQL over the record tables.

Terms are `field:value`, `field:>=value` and so on, side by side (AND) or with AND, OR, NOT and parentheses.
"""

import re
from dataclasses import dataclass

from sandbox.server.clock import to_micros
from sandbox.server.queries import Where
from sandbox.server.records import normalised
from sandbox.vendors.shopify.collections import number_of

_TOKEN = re.compile(
    r"""\s*(?:(\()|(\))|(-?\w+):\s*(>=|<=|>|<|!=)?\s*(?:'([^']*)'|"([^"]*)"|([^\s()]+))|([^\s():]+))"""
)
_STAMPS = {"updated_at": "updated_at", "created_at": "createdAt", "processed_at": "processedAt"}
_LOOKUPS = {
    "customers": {"email": "email", "phone": "phone"},
    "orders": {"name": "name", "email": "email", "customer_id": "customer_id"},
    "product_variants": {"sku": "sku", "product_id": "product"},
    "inventory_items": {"sku": "sku"},
    "products": {"title": "title"},
    "locations": {"name": "name"},
    "fulfillment_orders": {"order_id": "order"},
}
_FLAGS = {"test": "$.test"}


class SearchError(ValueError):
    """The search text cannot be read."""


@dataclass(frozen=True, slots=True)
class _Term:
    field: str
    sign: str
    value: str


def to_where(collection: str, text: str | None) -> Where:
    """The condition a search text stands for."""
    tokens = _tokens(text or "")
    if not tokens:
        return Where()
    where, rest = _any_of(collection, tokens)
    if rest:
        raise SearchError(f"unexpected {rest[0]!r} in query")
    return where


def _tokens(text: str) -> list[_Term | str]:
    tokens: list[_Term | str] = []
    position, text = 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise SearchError(f"cannot read query at {text[position:]!r}")
        opening, closing, field, sign, single, double, bare, word = match.groups()
        if field:
            value = next(part for part in (single, double, bare) if part is not None)
            tokens.append(_Term(field, sign or "=", value))
        else:
            tokens.append(opening or closing or word)
        position = match.end()
    return tokens


def _any_of(collection: str, tokens: list[_Term | str]) -> tuple[Where, list[_Term | str]]:
    where, tokens = _all_of(collection, tokens)
    while tokens and tokens[0] == "OR":
        other, tokens = _all_of(collection, tokens[1:])
        where = Where(f"({where.sql}) or ({other.sql})", where.params + other.params)
    return where, tokens


def _all_of(collection: str, tokens: list[_Term | str]) -> tuple[Where, list[_Term | str]]:
    where, tokens = _one(collection, tokens)
    while tokens and tokens[0] not in ("OR", ")"):
        if tokens[0] == "AND":
            tokens = tokens[1:]
        other, tokens = _one(collection, tokens)
        where = where.and_(other.sql, *other.params)
    return where, tokens


def _one(collection: str, tokens: list[_Term | str]) -> tuple[Where, list[_Term | str]]:
    if not tokens:
        raise SearchError("query ends where a term was expected")
    first, rest = tokens[0], tokens[1:]
    if isinstance(first, _Term):
        return _condition(collection, first), rest
    if first == "(":
        where, rest = _any_of(collection, rest)
        if not rest or rest[0] != ")":
            raise SearchError("a parenthesis is not closed in query")
        return where, rest[1:]
    if first == "NOT":
        where, rest = _one(collection, rest)
        return Where(f"not ({where.sql})", where.params), rest
    raise SearchError(f"cannot search for {first!r} without a field")


def _condition(collection: str, term: _Term) -> Where:
    if term.field.startswith("-"):
        positive = _condition(collection, _Term(term.field[1:], term.sign, term.value))
        return Where(f"not ({positive.sql})", positive.params)
    if term.field in _STAMPS:
        return _stamp_condition(term)
    if term.field == "id":
        return Where(f"key {term.sign} ?", (number_of(term.value),))
    if term.field in _FLAGS:
        return Where("coalesce(json_extract(body, ?), 0) = ?", (_FLAGS[term.field], term.value == "true"))
    lookup = _LOOKUPS.get(collection, {}).get(term.field)
    if lookup:
        value = f"gid://shopify/Product/{term.value}" if lookup == "product" else term.value
        return Where(
            "key in (select key from lookups where collection = ? and field = ? and value = ?)",
            (collection, lookup, normalised(value) or ""),
        )
    return Where()


def _stamp_condition(term: _Term) -> Where:
    """The condition on a stamp; one without an offset is in the shop's time zone, which is UTC here."""
    try:
        micros = to_micros(term.value)
    except ValueError as bad:
        raise SearchError(f"{term.value!r} is no date in query") from bad
    if term.field == "updated_at":
        return Where(f"updated_at {term.sign} ?", (micros,))
    path = f"$.{_STAMPS[term.field]}"
    return Where(
        f"cast(strftime('%s', json_extract(body, ?)) as integer) {term.sign} ?", (path, micros // 1_000_000)
    )
