"""Plain REST lists: pages by number, offset or cursor, by a Link header, or by the address of the next page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urljoin

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.errors import RequestError
from concord.http.guards import decode_record, value_at
from concord.http.paging import Pages, ask_with_headers, batched, prefetch
from concord.http.rest_bodies import Body, address_of, decoder_of, next_link

_NO_MORE = (None, "", False, msgspec.UNSET)
_GONE = frozenset({404, 410})


class Paging(StrEnum):
    """Where the list says how it goes on."""

    NUMBER = "number"
    OFFSET = "offset"
    CURSOR = "cursor"
    HEADER = "header"
    LINK = "link"
    URL = "url"


@dataclass(frozen=True, slots=True)
class RestList:
    """Reads `GET path`; `records` is the dotted place of the records in the body, empty where it is the body.

    `next` is the place in the body of the next number, offset, cursor or address, or the name of a header with the
    cursor. By number and offset, reading ends where `next` is null; where the body holds none, when `total`
    records came; where it holds no total either, at the first page that is not full. `more` is the place of a flag
    that ends a list by itself.

    `since` and `until` are the parameters that bound a window, written by `moment`. `one` is the path of a single
    record, `{key}` alone where the key is its address, and `record` its place in that body. `lookup` gives the
    parameter by which a field is searched, one value a call; a field with an empty one is looked for in the whole
    list. `within` is the place of a list in each record, whose members are the records of the resource.
    """

    path: str
    records: str = "records"
    paging: Paging = Paging.NUMBER
    size: int = 1000
    size_parameter: str = "size"
    page_parameter: str = "page"
    next: str = "next"
    total: str = ""
    more: str = ""
    since: str = ""
    until: str = ""
    moment: Callable[[datetime], str] = datetime.isoformat
    first: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    one: str = ""
    record: str = ""
    lookup: Mapping[str, str] = field(default_factory=dict)
    within: str = ""

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records, or those changed within the window where the list can tell."""
        bounds: dict[str, str] = {}
        if window is not None and self.since:
            bounds[self.since] = self.moment(window.start)
        if window is not None and self.until:
            bounds[self.until] = self.moment(window.end)
        return prefetch(self._read(session, resource, bounds))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records that a search for each value finds."""
        if self.one and name == resource.key:
            yield [raw for value in values if (raw := self._read_one(session, value)) is not None]
        elif parameter := self.lookup[name]:
            for (value,) in batched(values, 1):
                yield from self._read(session, resource, {parameter: value})
        else:
            wanted, item = set(values), resource.field(name)
            for page in self._read(session, resource, {}):
                yield [raw for raw in page if str(value_at(decode_record(resource, raw), item)) in wanted]

    def _read_one(self, session: Session, key: str) -> msgspec.Raw | None:
        decode = decoder_of(self.record, kind=msgspec.Raw)
        try:
            body, _ = ask_with_headers(session, decode, "GET", address_of(self.one, key))
        except RequestError as error:
            if error.facts.get("status") in _GONE:
                return None
            raise
        found: msgspec.Raw = body.found
        return found

    def _read(self, session: Session, resource: Resource, bounds: Mapping[str, str]) -> Iterator[Page]:
        pages = Pages(resource.name)
        decode = decoder_of(self.records, next=self._next_in_body, total=self.total, more=self.more)
        spread = decoder_of(self.within)
        step: _Step | None = self._begin(bounds)
        before: Page = []
        while step is not None:
            pages.turn(step.mark)
            body, headers = ask_with_headers(session, decode, "GET", step.path, params=step.params)
            page: Page = body.found
            if page and page == before:
                raise pages.circle("page")
            yield page if not self.within else [raw for item in page for raw in spread(bytes(item)).found]
            step, before = self._after(session, step, body, headers), page

    @property
    def _next_in_body(self) -> str:
        return "" if self.paging in (Paging.HEADER, Paging.LINK) else self.next

    def _begin(self, bounds: Mapping[str, str]) -> "_Step":
        params = {**self.params, **bounds}
        if self.size_parameter:
            params[self.size_parameter] = str(self.size)
        if self.paging not in (Paging.NUMBER, Paging.OFFSET):
            return _Step(self.path, params, self.first)
        first = self.first if self.first is not None else int(self.paging is Paging.NUMBER)
        return self._numbered(_Step(self.path, params, first), first)

    def _after(self, session: Session, step: "_Step", body: Body, headers: Mapping[str, str]) -> "_Step | None":
        """Where the next page is, None after the last."""
        if self.more and body.more in _NO_MORE:
            return None
        match self.paging:
            case Paging.LINK:
                return _linked(session, step, next_link(headers.get("link", "")))
            case Paging.URL:
                return _linked(session, step, body.next)
            case Paging.CURSOR | Paging.HEADER:
                mark = body.next if self.paging is Paging.CURSOR else headers.get(self.next.lower())
                params = {**step.params, self.page_parameter: str(mark)}
                return None if mark in _NO_MORE else _Step(step.path, params, str(mark), step.seen)
        return self._after_number(step, body)

    def _after_number(self, step: "_Step", body: Body) -> "_Step | None":
        seen, count = step.seen + len(body.found), len(body.found)
        if body.next is not msgspec.UNSET or self.more:
            has_more = body.next not in _NO_MORE or bool(self.more)
        elif isinstance(body.total, int):
            has_more = bool(count) and seen < body.total
        else:
            has_more = count >= self.size
        if not has_more:
            return None
        following = int(str(step.mark)) + (count if self.paging is Paging.OFFSET else 1)
        if isinstance(body.next, int) and not isinstance(body.next, bool):
            following = body.next
        return self._numbered(_Step(step.path, step.params, None, seen), following)

    def _numbered(self, step: "_Step", number: int) -> "_Step":
        return _Step(step.path, {**step.params, self.page_parameter: str(number)}, number, step.seen)


@dataclass(frozen=True, slots=True)
class _Step:
    """One page to ask for; `mark` tells it from all others of the listing, `seen` records came before it."""

    path: str
    params: Mapping[str, str]
    mark: object
    seen: int = 0


def _linked(session: Session, step: _Step, link: object) -> _Step | None:
    """The page at an address as the server gave it, whole or relative to the page before."""
    if link in _NO_MORE:
        return None
    base = step.path if "://" in step.path else f"{session.connection.url.rstrip('/')}/{step.path.lstrip('/')}"
    address = urljoin(base, str(link))
    return _Step(address, {}, address, step.seen)
