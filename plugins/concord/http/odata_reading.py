"""Reads an OData collection: by the server's own pages, and by the key where it has none.

Many services hand out everything at once or cut a list short without a word. So each page is asked for with
`$top` and in the order of the key, the server's links are followed, and reading goes on behind the last key
until nothing comes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.http.odata import COMPOSED_KEY, EntityKey, ODataService, Version, all_of, any_of
from concord.http.odata_values import ChangedAt, ChangedOn
from concord.http.paging import Pages, ask_with_headers, batched, prefetch

_KEYS_PER_QUERY = 30
_decode_record = msgspec.json.Decoder(dict[str, Any]).decode


class _Results(msgspec.Struct):
    results: list[msgspec.Raw]
    next: str | None = msgspec.field(default=None, name="__next")


class _Wrapped(msgspec.Struct):
    d: _Results | list[msgspec.Raw]


class _Plain(msgspec.Struct):
    value: list[msgspec.Raw]
    next: str | None = msgspec.field(default=None, name="@odata.nextLink")


_wrapped, _plain = msgspec.json.Decoder(_Wrapped), msgspec.json.Decoder(_Plain)


def _decode_v2(body: bytes) -> tuple[Page, str | None]:
    found = _wrapped.decode(body).d
    return (found, None) if isinstance(found, list) else (found.results, found.next)


def _decode_v4(body: bytes) -> tuple[Page, str | None]:
    found = _plain.decode(body)
    return found.value, found.next


_DECODERS: Mapping[Version, Callable[[bytes], tuple[Page, str | None]]] = {
    Version.V2: _decode_v2,
    Version.V4: _decode_v4,
}


@dataclass(frozen=True, slots=True)
class EntitySet:
    """One collection of a service.

    `changes` bounds a window, `only` is a filter that always holds, `expand` what is asked for inside each
    record as far as the declared fields need it. A record whose key takes several properties gets that key as
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

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records, or those changed within the window."""
        if window is None or self.changes is None:
            return prefetch(self._read(session, resource, ""))
        pages = self._read(session, resource, self.changes.condition(session, self.service.version, window))
        if isinstance(self.changes, ChangedOn):
            pages = _within(session, self.changes, window, pages)
        return prefetch(pages)

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
            yield from self._read(session, resource, any_of(conditions), most=len(some) if is_key else None)

    def _read(
        self, session: Session, resource: Resource, condition: str, *, most: int | None = None
    ) -> Iterator[Page]:
        """Behind the last key again and again, until nothing comes or all of `most` have come."""
        pages = Pages(resource.name)
        beyond, total = "", 0
        while True:
            pages.turn(beyond)
            last: msgspec.Raw | None = None
            for page in self._chain(session, self._query(session, resource, [condition, beyond]), pages):
                last = page[-1] if page else last
                total += len(page)
                yield [self._keyed(raw) for raw in page] if self.key.is_composed else page
            if last is None or (most is not None and total >= most):
                return
            beyond = self.key.beyond(self.service.version, _decode_record(last))

    def _chain(self, session: Session, params: Mapping[str, str], pages: Pages) -> Iterator[Page]:
        """One answer and all that its links lead to; a link to another host is refused by the session."""
        asked = session.with_headers(self.service.headers)
        path, query = self.service.address(session, self.name), dict(params)
        decode = _DECODERS[self.service.version]
        while True:
            (page, link), _ = ask_with_headers(asked, decode, "GET", path, params=query or None)
            yield page
            if not link:
                return
            pages.turn(link)
            path, query = urljoin(path, link), {}

    def _query(self, session: Session, resource: Resource, conditions: Sequence[str]) -> dict[str, str]:
        condition = all_of([self.only, *conditions])
        needed = {item.parts[0] for item in resource.fields}
        expand = [name for name in self.expand if name.partition("/")[0] in needed]
        query = {**self.service.query(session), "$top": str(self.size), "$orderby": ",".join(self.key.names)}
        if condition:
            query["$filter"] = condition
        if expand:
            query["$expand"] = ",".join(expand)
        if len(resource.fields) == 1:
            query["$select"] = ",".join(self.key.names)
        return query

    def _keyed(self, raw: msgspec.Raw) -> msgspec.Raw:
        """The record with its key in front."""
        key = msgspec.json.encode(self.key.of(_decode_record(raw)))
        rest = bytes(raw).lstrip()[1:]
        return msgspec.Raw(b'{"' + COMPOSED_KEY.encode() + b'":' + key + b"," + rest)


def _within(session: Session, changes: ChangedOn, window: Window, pages: Iterator[Page]) -> Iterator[Page]:
    """The pages without what the server let through that lies outside the window."""
    for page in pages:
        yield [raw for raw in page if changes.holds(session, window, _decode_record(raw))]
