"""Reads an OData collection page by page, each in the order of the key and behind the last key of the one before.

Many services send everything at once, or end a list early without saying so, so reading goes on until a page is
empty. Their links to further pages often count what came, by `$skip` or in a `$skiptoken`, and lose a record when
one before it is deleted meanwhile. They are followed only where no key on a page can be read, or a page is empty.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import msgspec

from concord.contract import Kind, Page, Resource, Session, Window
from concord.contract.fields import split_path
from concord.errors import ContractViolationError
from concord.protocols.describing import paths_of
from concord.protocols.odata.metadata import read_properties
from concord.protocols.odata.nested import completed
from concord.protocols.odata.service import (
    COMPOSED_KEY,
    EntityKey,
    ODataService,
    Version,
    all_of,
    any_of,
    write_literal,
)
from concord.protocols.odata.values import ChangedAt, ChangedOn
from concord.protocols.reading import Pages, ask_with_headers, batched, keys_in, last_readable, prefetch
from concord.protocols.repair import is_marked
from concord.protocols.values import decode_leniently

_KEYS_PER_QUERY = 30
_LISTED = "results"  # where V2 puts related entities, if there can be several
_ADDED = "__metadata"  # what V2 puts into each record


def _decode_record(raw: msgspec.Raw) -> Mapping[str, Any]:
    """The members of a record, none where it is not an object: validation sets it aside."""
    try:
        return decode_leniently(bytes(raw))
    except ContractViolationError:
        return {}


class _PageV2(msgspec.Struct):
    results: list[msgspec.Raw]
    next: str | None = msgspec.field(default=None, name="__next")


class _BodyV2(msgspec.Struct):
    d: _PageV2 | list[msgspec.Raw]


class _BodyV4(msgspec.Struct):
    value: list[msgspec.Raw]
    next: str | None = msgspec.field(default=None, name="@odata.nextLink")


_body_v2, _body_v4 = msgspec.json.Decoder(_BodyV2), msgspec.json.Decoder(_BodyV4)


def _decode_v2(body: bytes) -> tuple[Page, str | None]:
    found = _body_v2.decode(body).d
    return (found, None) if isinstance(found, list) else (found.results, found.next)


def _decode_v4(body: bytes) -> tuple[Page, str | None]:
    found = _body_v4.decode(body)
    return found.value, found.next


_DECODERS: Mapping[Version, Callable[[bytes], tuple[Page, str | None]]] = {
    Version.V2: _decode_v2,
    Version.V4: _decode_v4,
}


@dataclass(frozen=True, slots=True)
class EntitySet:
    """One collection of a service.

    `changes` bounds a window, `only` is a filter that always holds, `expand` what is asked for inside each
    record as far as the declared fields need it. `options` are texts that `only` names in braces: the extra field
    of the connection that says one, and its default. A record whose key takes several properties gets that key as
    its first member, `@key`.
    """

    service: ODataService
    name: str
    key: EntityKey
    changes: ChangedAt | ChangedOn | None = None
    only: str = ""
    expand: tuple[str, ...] = ()
    size: int = 1000
    types: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    def describe(self, session: Session, resource: Resource) -> Mapping[str, Kind | None]:
        """What `$metadata` says; of what lies below a property, or is added to a record, it tells nothing."""
        found = read_properties(session, self.service, self.name)
        own = {COMPOSED_KEY: None, _ADDED: None}
        heads = {path: split_path(path) for path in paths_of(resource)}
        return found | {
            path: found.get(head[0]) if head[1:] in ([], [_LISTED]) else None
            for path, head in heads.items()
            if head[0] in found or head[0] in own
        }

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records, or those changed within the window."""
        expand = self._expand(resource)
        if window is None or self.changes is None:
            return prefetch(self._read(session, resource, "", expand))
        condition = self.changes.condition(session, self.service.version, window)
        pages = self._read(session, resource, condition, expand)
        if isinstance(self.changes, ChangedOn):
            pages = _within(session, self.changes, window, pages)
        return prefetch(pages)

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all records, of which nothing else is asked for."""
        select = {"$select": ",".join(self.key.names)}
        return keys_in(resource, prefetch(self._read(session, resource, "", select)))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records whose field has one of these values."""
        version, is_key = self.service.version, name == resource.key
        path = resource.field(name).path
        for some in batched(values, _KEYS_PER_QUERY):
            if is_key:
                conditions = [self.key.condition(version, value) for value in some]
            else:
                written = EntityKey((path,), self.types)
                conditions = [written.condition(version, value) for value in some]
            most = len(some) if is_key else None
            yield from self._read(session, resource, any_of(conditions), self._expand(resource), most=most)

    def _read(
        self,
        session: Session,
        resource: Resource,
        condition: str,
        parts: Mapping[str, str],
        *,
        most: int | None = None,
    ) -> Iterator[Page]:
        """Queries that each begin behind the last key, until nothing comes or `most` records have come.

        `parts` are the options that say which parts of a record are asked for.
        """
        pages = Pages(resource.name)
        beyond, total = "", 0
        while True:
            pages.note_next(beyond)
            last: Mapping[str, Any] | None = None
            query = {**self._query(session, [condition, beyond]), **parts}
            for page in self._chain(session, query, pages):
                last = last_readable(page, self._place_of)
                total += len(page)
                yield [self._keyed(raw) for raw in page] if self.key.is_composed else page
                if last is not None:
                    break
            if last is None or (most is not None and total >= most):
                return
            beyond = self.key.beyond(self.service.version, last)

    def _place_of(self, raw: msgspec.Raw) -> Mapping[str, Any] | None:
        """The record as far as its key goes, None where a property of the key cannot be read."""
        record = _decode_record(raw)
        values = [record.get(name) for name in self.key.names]
        is_readable = all(isinstance(value, (str, int)) and not is_marked(value) for value in values)
        return record if is_readable else None

    def _chain(self, session: Session, params: Mapping[str, str], pages: Pages) -> Iterator[Page]:
        """The page of one query and those behind its links, each with all that its records hold inside."""
        path = self.service.address(session, self.name)

        def follow(link: str) -> Iterator[Page]:
            return self._linked(session, urljoin(path, link), {}, Pages(self.name))

        for page in self._linked(session, path, params, pages):
            yield completed(page, follow)

    def _linked(self, session: Session, path: str, params: Mapping[str, str], pages: Pages) -> Iterator[Page]:
        """The pages from an address on; the session refuses a link to another host."""
        asked, decode = session.with_headers(self.service.headers), _DECODERS[self.service.version]
        while True:
            (page, link), _ = ask_with_headers(asked, decode, "GET", path, params=params or None)
            yield page
            if not link:
                return
            pages.note_next(link)
            path, params = urljoin(path, link), {}

    def _query(self, session: Session, conditions: Sequence[str]) -> dict[str, str]:
        literals = {
            name: write_literal(self.service.version, session.option(name, default))
            for name, default in self.options.items()
        }
        condition = all_of([self.only.format(**literals) if literals else self.only, *conditions])
        query = {**self.service.query(session), "$top": str(self.size), "$orderby": ",".join(self.key.names)}
        if condition:
            query["$filter"] = condition
        return query

    def _expand(self, resource: Resource) -> dict[str, str]:
        """The option that asks for the related entities which the declared fields need."""
        needed = {item.parts[0] for item in resource.fields}
        expand = [name for name in self.expand if name.partition("/")[0] in needed]
        return {"$expand": ",".join(expand)} if expand else {}

    def _keyed(self, raw: msgspec.Raw) -> msgspec.Raw:
        """The record with its key in front."""
        key = msgspec.json.encode(self.key.of(_decode_record(raw)))
        rest = bytes(raw).lstrip()[1:]
        return msgspec.Raw(b'{"' + COMPOSED_KEY.encode() + b'":' + key + b"," + rest)


def _within(session: Session, changes: ChangedOn, window: Window, pages: Iterator[Page]) -> Iterator[Page]:
    """The pages without the records that the server sent although they changed outside of the window."""
    for page in pages:
        yield [raw for raw in page if changes.holds(session, window, _decode_record(raw))]
