"""The filter language, as far as lists of profiles and events need it, and their pages."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.queries import Order, Where
from sandbox.server.records import Record, decode, encode
from sandbox.server.store import Store
from sandbox.vendors.klaviyo.errors import KlaviyoError

_CALL = re.compile(r"(?P<op>[a-z-]+)\((?P<field>[\w.$]+),(?P<value>.*)\)", re.DOTALL)
_SIGNS = {"greater-than": ">", "less-than": "<", "greater-or-equal": ">=", "less-or-equal": "<="}
_SUPPRESSED = "subscriptions.email.marketing.suppression.timestamp"
_SUPPRESSED_SQL = (
    "exists (select 1 from json_each(body, '$.attributes.subscriptions.email.marketing.suppression') as item "
    "where json_extract(item.value, '$.timestamp')"
)
_STRICT = frozenset({"greater-than", "less-than"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What a list of a collection can be filtered and sorted by, and its page sizes."""

    name: str
    stamps: Mapping[str, frozenset[str]]
    lookups: frozenset[str]
    default_size: int
    largest_size: int

    @property
    def stamp(self) -> str:
        """The stamp by which the store sorts the collection."""
        return next(iter(self.stamps))


KINDS = {
    "profiles": Kind(
        "profiles", {"updated": _STRICT}, frozenset({"id", "email", "phone_number", "external_id"}), 20, 100
    ),
    "events": Kind("events", {"datetime": frozenset(_SIGNS)}, frozenset(), 200, 1000),
}


def page(store: Store, kind: Kind, query: Mapping[str, str]) -> tuple[list[Record], str | None]:
    """The records of one page, and the cursor of the next one."""
    size = int(query.get("page[size]", kind.default_size))
    if not 1 <= size <= kind.largest_size:
        detail = f"Page size must be an integer between 1 and {kind.largest_size}."
        raise KlaviyoError("invalid", detail, parameter="page[size]")
    sort = query.get("sort", "")
    order = Order(by_stamp=sort.lstrip("-") == kind.stamp, reverse=sort.startswith("-"))
    where = _where(store, kind, query.get("filter", ""))
    if cursor := query.get("page[cursor]"):
        where = order.after(where, _position(cursor))
    rows = store.page(kind.name, where, order, limit=size + 1)
    last = _cursor(rows[size - 1][1], rows[size - 1][0]) if len(rows) > size else None
    return [decode(row[2]) for row in rows[:size]], last


def _cursor(stamp: int, key: object) -> str:
    return base64.urlsafe_b64encode(encode([stamp, key])).decode()


def _position(cursor: str) -> tuple[int, str]:
    try:
        stamp, key = decode(base64.urlsafe_b64decode(cursor))
    except ValueError as wrong:
        raise KlaviyoError("invalid", "Invalid cursor.", parameter="page[cursor]") from wrong
    return int(stamp), str(key)


def _where(store: Store, kind: Kind, text: str) -> Where:
    where = Where()
    for call in _calls(text):
        match = _CALL.fullmatch(call)
        if match is None:
            raise _refused(text)
        where = _and(store, kind, where, match)
    return where


def _and(store: Store, kind: Kind, where: Where, match: re.Match[str]) -> Where:
    op, field, value = match["op"], match["field"], match["value"]
    if op in kind.stamps.get(field, ()):
        try:
            return where.and_(f"updated_at {_SIGNS[op]} ?", to_micros(value))
        except ValueError as wrong:
            raise _refused(value) from wrong
    if field == _SUPPRESSED and kind.name == "profiles" and op in _SIGNS:
        return where.and_(f"{_SUPPRESSED_SQL} {_SIGNS[op]} ?)", to_datetime(to_micros(value)).isoformat())
    if field not in kind.lookups or op not in ("any", "equals"):
        raise KlaviyoError("invalid", f"'{field}' does not support '{op}'.", parameter="filter")
    try:
        wanted = decode(value)
    except ValueError as wrong:
        raise _refused(value) from wrong
    keys = [key for item in (wanted if op == "any" else [wanted]) for key in _found(store, kind, field, item)]
    return where.and_(f"key in ({', '.join('?' * len(keys))})", *keys)


def _found(store: Store, kind: Kind, field: str, value: Any) -> list[Any]:
    return [value] if field == "id" else list(store.find(kind.name, field, value))


def _calls(text: str) -> list[str]:
    """The conditions that must all hold."""
    text = text.strip()
    if not text:
        return []
    if not text.startswith("and("):
        return [text]
    parts, depth, begun = [], 0, 4
    for place, letter in enumerate(text[:-1]):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 1:
            parts.append(text[begun:place])
            begun = place + 1
    # The comma between a field and its value is one level deeper, within its own brackets.
    return [*parts, text[begun:-1]]


def _refused(text: str) -> KlaviyoError:
    return KlaviyoError("invalid", f"Invalid filter provided: {text[:80]}", parameter="filter")
