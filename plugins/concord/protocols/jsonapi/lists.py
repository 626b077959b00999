"""Lists of a JSON:API whose filters stand in one parameter: windows by a time stamp, look-ups, pages by links.

https://jsonapi.org/format

The filter of a window is a second wider than the window at both ends, for a filter may leave out the moments it
names. Records outside of the half-open window are then left out here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import msgspec

from concord.contract import ChangedBetween, Field, Page, Resource, Session, Window
from concord.errors import RequestError
from concord.protocols.describing import NotDescribed
from concord.protocols.reading import Pages, ask, batched, keys_in, prefetch
from concord.protocols.values import decoder_at, read_moment

_PER_LOOKUP = 50
_SECOND = timedelta(seconds=1)
_WRITTEN = "%Y-%m-%dT%H:%M:%SZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Links(msgspec.Struct):
    next: str | None


class _Listing(msgspec.Struct):
    data: list[msgspec.Raw]
    links: _Links


class _Single(msgspec.Struct):
    data: msgspec.Raw


_listing = msgspec.json.Decoder(_Listing)
_single = msgspec.json.Decoder(_Single)


@dataclass(frozen=True, slots=True)
class Filters:
    """How a vendor writes the `filter` parameter, whose language JSON:API leaves to the vendor.

    `between` bounds a time stamp; it has `{name}`, `{start}` and `{end}`, in whole seconds of UTC. `since` bounds
    it from below alone. `one_of` looks up values; it has `{name}` and `{values}`, a JSON array of texts.
    """

    between: str
    since: str
    one_of: str


@dataclass(frozen=True, slots=True)
class JsonApiList(NotDescribed):
    """Reads `GET path`; `stamp` is the filter's name of the change field, by which a window is also sorted.

    `lookup` gives the filter's name of a field that is searched; a field without one is the id in the path. `also`
    is the filter's name of a second time stamp, that of a fact whose change need not move the first: a window also
    gets the records of which only the second lies within it.
    """

    path: str
    filters: Filters
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

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all records, each read as a whole."""
        return keys_in(resource, self.read_window(session, resource, None))

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
            wanted = self.filters.one_of.format(name=self.lookup[name], values=listed)
            yield from self._read(session, resource, {"filter": wanted})

    def _filter(self, stamp: str, window: Window) -> str:
        """The filter of a window, in the whole seconds around it."""
        start, end = window.start.astimezone(UTC) - _SECOND, window.end.astimezone(UTC) + _SECOND
        written = self.filters.since if window.is_open else self.filters.between
        return written.format(name=stamp, start=f"{start:{_WRITTEN}}", end=f"{end:{_WRITTEN}}")

    def _read(self, session: Session, resource: Resource, asked: Mapping[str, str]) -> Iterator[Page]:
        pages = Pages(resource.name)
        params: Mapping[str, str] | None = {**self.params, **asked, "page[size]": str(self.size)}
        address: str | None = self.path
        while address is not None:
            pages.note_next(address)
            listing = ask(session, _listing, "GET", address, params=params)
            yield listing.data
            address, params = listing.links.next, None

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
    stamp_of = decoder_at(stamp.path)
    moments = ((raw, read_moment(stamp_of(raw))) for raw in page)
    return [raw for raw, moment in moments if moment is None or start <= moment < end]
