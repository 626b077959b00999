"""Lists of a JSON:API with filters in one parameter: windows by a stamp, look-ups by `any`, pages by links.

https://developers.klaviyo.com/en/reference/api_overview

Where only "later than" may be asked for, the ask begins a second early, and what lies outside of the half-open
window is left to the window it belongs to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from concord.contract import ChangedBetween, Page, Resource, Session, Window
from concord.errors import RequestError
from concord.fields import Field
from concord.http.paging import Pages, ask, batched, prefetch

_PER_LOOKUP = 50
_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Links(msgspec.Struct):
    next: str | None = None


class _Listing(msgspec.Struct):
    data: list[msgspec.Raw]
    links: _Links | None = None


class _Single(msgspec.Struct):
    data: msgspec.Raw


_listing = msgspec.json.Decoder(_Listing)
_single = msgspec.json.Decoder(_Single)


@dataclass(frozen=True, slots=True)
class JsonApiList:
    """Reads `GET path`; `stamp` is the filter's name of the change field, and what a window is sorted by.

    `lookup` gives the filter by which a field is searched; a field without one is the id in the path. `also` is
    the filter's name of a second stamp, of a fact whose change need not move the first: a window gets the records
    too that only that one has moved into it.
    """

    path: str
    stamp: str
    also: str = ""
    size: int = 100
    params: Mapping[str, str] = field(default_factory=dict)
    lookup: Mapping[str, str] = field(default_factory=dict)

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """The records of the half-open window, oldest first; all of them where there is none."""
        if window is None or not isinstance(resource.changes, ChangedBetween):
            return prefetch(self._read(session, resource, {}))
        return prefetch(self._read_changed(session, resource, window, resource.field(resource.changes.field)))

    def _read_changed(self, session: Session, resource: Resource, window: Window, stamp: Field) -> Iterator[Page]:
        by_stamp = {"filter": self._filter(self.stamp, window), "sort": self.stamp}
        for page in self._read(session, resource, by_stamp):
            yield _only(page, stamp, window.start, window.end)
        if self.also:
            for page in self._read(session, resource, {"filter": self._filter(self.also, window)}):
                yield _only(page, stamp, _EPOCH, window.start)

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records that have one of these values."""
        if name not in self.lookup:
            for value in values:
                yield self._read_one(session, value)
            return
        for some in batched(values, _PER_LOOKUP):
            listed = msgspec.json.encode(list(some)).decode()
            yield from self._read(session, resource, {"filter": f"any({self.lookup[name]},{listed})"})

    def _filter(self, stamp: str, window: Window) -> str:
        """Whole seconds around the window, for stamps have no more."""
        start = window.start.astimezone(UTC).replace(microsecond=0) - _SECOND
        end = (window.end.astimezone(UTC) + _SECOND).replace(microsecond=0)
        after = f"greater-than({stamp},{start:%Y-%m-%dT%H:%M:%SZ})"
        return f"and({after},less-than({stamp},{end:%Y-%m-%dT%H:%M:%SZ}))"

    def _read(self, session: Session, resource: Resource, asked: Mapping[str, str]) -> Iterator[Page]:
        pages = Pages(resource.name)
        params: Mapping[str, str] | None = {**self.params, **asked, "page[size]": str(self.size)}
        address: str | None = self.path
        while address is not None:
            pages.turn(address)
            listing = ask(session, _listing, "GET", address, params=params)
            yield listing.data
            address, params = listing.links.next if listing.links else None, None

    def _read_one(self, session: Session, value: str) -> Page:
        try:
            found = ask(session, _single, "GET", f"{self.path}/{quote(value, safe='')}", params=self.params)
        except RequestError as error:
            if error.facts.get("status") != 404:
                raise
            return []
        return [found.data]


def _only(page: Page, stamp: Field, start: datetime, end: datetime) -> Page:
    """The records whose stamp lies in [start, end); one whose stamp cannot be read is left to validation."""
    kind: Any = datetime | None
    for name in reversed(stamp.parts):
        kind = msgspec.defstruct("Level", [("found", kind, None)], rename={"found": name}) | None
    decoder = msgspec.json.Decoder(kind)
    return [raw for raw in page if _is_within(decoder, raw, len(stamp.parts), start=start, end=end)]


def _is_within(decoder: Any, raw: msgspec.Raw, depth: int, *, start: datetime, end: datetime) -> bool:
    try:
        found = decoder.decode(raw)
    except msgspec.DecodeError:
        return True
    for _ in range(depth):
        found = found and found.found
    if found is None:
        return True
    moment: datetime = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return start <= moment < end
