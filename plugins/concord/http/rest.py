"""Plain REST lists: pages by number, by a cursor in the body, or by a Link header."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.http.paging import Pages, ask_with_headers, batched, prefetch

_NEXT_LINK = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)
_NO_MORE = (None, "", False, msgspec.UNSET)


class Paging(StrEnum):
    """Where the list says how it goes on."""

    NUMBER = "number"
    CURSOR = "cursor"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class RestList:
    """Reads `GET path`; `records` is the dotted place of the records in the body, empty where it is the body.

    By number, reading ends where `next` is null, or, where the body holds no `next`, at the first page that
    is not full. `since` and `until` are the parameters that bound a window; `lookup` gives the parameter by
    which a field is searched, which takes one value a call.
    """

    path: str
    records: str = "records"
    paging: Paging = Paging.NUMBER
    size: int = 1000
    size_parameter: str = "size"
    page_parameter: str = "page"
    next: str = "next"
    since: str = ""
    until: str = ""
    first: int = 1
    lookup: Mapping[str, str] = field(default_factory=dict)

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records, or those changed within the window where the list can tell."""
        bounds: dict[str, str] = {}
        if window is not None and self.since:
            bounds[self.since] = window.start.isoformat()
        if window is not None and self.until:
            bounds[self.until] = window.end.isoformat()
        return prefetch(self._read(session, resource, bounds))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records that a search for each value finds."""
        for (value,) in batched(values, 1):
            yield from self._read(session, resource, {self.lookup[name]: value})

    def _read(self, session: Session, resource: Resource, bounds: Mapping[str, str]) -> Iterator[Page]:
        pages, decode = Pages(resource.name), _decoder_of(self.records, self.next)
        first = _Step(self.path, {**bounds, self.size_parameter: str(self.size)}, self.first)
        step: _Step | None = self._numbered(first, self.first) if self.paging is Paging.NUMBER else first
        while step is not None:
            pages.turn(step.mark)
            (page, mark), headers = ask_with_headers(session, decode, "GET", step.path, params=step.params)
            yield page
            step = self._after(step, page, mark, headers)

    def _after(self, step: "_Step", page: Page, mark: object, headers: Mapping[str, str]) -> "_Step | None":
        """Where the next page is, None after the last."""
        match self.paging:
            case Paging.LINK:
                found = _NEXT_LINK.search(headers.get("link", ""))
                return _Step(found.group(1), {}, found.group(1)) if found else None
            case Paging.CURSOR:
                params = {**step.params, self.page_parameter: str(mark)}
                return None if mark in _NO_MORE else _Step(step.path, params, str(mark))
        has_more = len(page) >= self.size if mark is msgspec.UNSET else mark not in _NO_MORE
        following = mark if isinstance(mark, int) and not isinstance(mark, bool) else int(str(step.mark)) + 1
        return self._numbered(step, following) if has_more else None

    def _numbered(self, step: "_Step", number: int) -> "_Step":
        return _Step(step.path, {**step.params, self.page_parameter: str(number)}, number)


@dataclass(frozen=True, slots=True)
class _Step:
    """One page to ask for; `mark` tells it from all others of the listing."""

    path: str
    params: Mapping[str, str]
    mark: object


def _decoder_of(records: str, following: str) -> Callable[[bytes], tuple[Page, object]]:
    """A decoder that takes the records and the mark of the next page out of a body, and leaves the rest alone."""
    if not records:
        plain = msgspec.json.Decoder(list[msgspec.Raw])
        return lambda body: (plain.decode(body), msgspec.UNSET)
    names = records.split(".")
    kind: Any = list[msgspec.Raw]
    for depth, name in reversed(list(enumerate(names))):
        members: list[Any] = [("found", kind)]
        renamed = {"found": name}
        if depth == 0:
            members.append(("next", Any, msgspec.UNSET))
            renamed["next"] = following
        kind = msgspec.defstruct("Level", members, rename=renamed)
    envelope = msgspec.json.Decoder(kind)

    def decode(body: bytes) -> tuple[Page, object]:
        found: Any = envelope.decode(body)
        mark = found.next
        for _ in names:
            found = found.found
        return found, mark

    return decode
