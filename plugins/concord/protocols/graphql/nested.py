"""Connections inside of records: the rest of those is read of which the first page does not hold all.

https://relay.dev/graphql/connections.htm
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from concord.contract import Page, Session
from concord.protocols.graphql.api import GraphQLApi, decode_part
from concord.protocols.reading import Pages
from concord.protocols.repair import is_marked
from concord.protocols.values import UNREADABLE

_PER_PAGE = 250
_MORE = re.compile(rb'"hasNextPage"\s*:\s*true')
_CURSOR = re.compile(rb',\s*"endCursor"\s*:\s*(?:null|"[^"\\]*")')  # it says nothing of a list that is whole


def _verbatim(digits: str) -> msgspec.Raw:
    return msgspec.Raw(digits.encode())


_record = msgspec.json.Decoder(dict[str, Any], float_hook=_verbatim)


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _Connection(msgspec.Struct, rename="camel"):
    nodes: list[Any]
    page_info: _PageInfo


_node = msgspec.json.Decoder(dict[str, _Connection], float_hook=_verbatim)


@dataclass(frozen=True, slots=True)
class Nested:
    """The connection `name` of each record of `type`, of whose nodes `node` is selected."""

    type: str
    name: str
    node: str

    def selection(self, first: int) -> str:
        """What asks for its first nodes, and whether there are more."""
        return f"{self.name}(first: {first}) {{nodes {{{self.node}}} pageInfo {{hasNextPage endCursor}}}}"

    def rest(self, api: GraphQLApi, session: Session, key: str, cursor: object) -> Iterator[list[Any]]:
        """The nodes of the record with this id that lie behind the cursor, page by page."""
        query = (
            f"query($id: ID!, $after: String) {{node(id: $id) {{... on {self.type} "
            f"{{{self.name}(first: {_PER_PAGE}, after: $after) "
            f"{{nodes {{{self.node}}} pageInfo {{hasNextPage endCursor}}}}}}}}}}"
        )
        pages = Pages(self.name)
        while True:
            pages.note_next(cursor)
            data = api.run(session, query, {"id": key, "after": cursor})
            found: _Connection = decode_part(_node.decode, data.get("node"))[self.name]
            yield found.nodes
            if not found.page_info.has_next_page:
                return
            cursor = found.page_info.end_cursor


def complete(api: GraphQLApi, session: Session, page: Page, nested: Iterable[Nested]) -> Page:
    """The same records with all nodes of their nested connections; one without a cursor stays as it is."""
    by_name = {item.name: item for item in nested}
    return [_completed(api, session, raw, by_name) for raw in page]


def _completed(api: GraphQLApi, session: Session, raw: msgspec.Raw, by_name: Mapping[str, Nested]) -> msgspec.Raw:
    if not _MORE.search(raw):
        return msgspec.Raw(_CURSOR.sub(b"", raw))
    try:
        record = _record.decode(raw)
    except UNREADABLE:  # it is no object: validation sets it aside
        return raw
    for owner, item in list(_open_connections(record, by_name)):
        held = owner[item.name]
        for nodes in item.rest(api, session, str(owner["id"]), held["pageInfo"]["endCursor"]):
            held["nodes"] += nodes
        held["pageInfo"] = {"hasNextPage": False}
    return msgspec.Raw(_CURSOR.sub(b"", msgspec.json.encode(record)))


def _open_connections(content: object, by_name: Mapping[str, Nested]) -> Iterator[tuple[dict[str, Any], Nested]]:
    """Each object that holds a connection with more nodes, and that connection."""
    if isinstance(content, list):
        for member in content:
            yield from _open_connections(member, by_name)
    if isinstance(content, dict):
        for name, member in content.items():
            if name in by_name and _is_id(content.get("id")) and _has_more(member):
                yield content, by_name[name]
            yield from _open_connections(member, by_name)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and not is_marked(value)


def _has_more(connection: object) -> bool:
    info = connection.get("pageInfo") if isinstance(connection, dict) else None
    return isinstance(info, dict) and info.get("hasNextPage") is True and bool(info.get("endCursor"))
