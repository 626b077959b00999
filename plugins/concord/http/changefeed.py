"""Reads lists without an update filter through the events that tell which records were touched.

The stamp that the vendor lacks is made of its events: a record's `_concord.changed` is the second of its latest
event, and a window holds the records of which that second lies in it, just as a filter on an update stamp would
have it. What comes is always the present record, never the state that an event remembers.

Events are kept for some days only. A window that begins earlier cannot know what was touched since, so it reads
every record created before its end; records without an event get the beginning of the events as their stamp, for
they changed no later. A window that lies before all events is read by creation, and stamped so.
A record that is looked up by its key is stamped with the second of the look-up, or of its latest event.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.errors import ServerError
from concord.http.last_id import (
    LARGEST_PAGE,
    NEVER,
    LastIdList,
    created_between,
    head_of,
    second_at,
    with_knowledge,
)
from concord.http.paging import batched, prefetch

_TYPES_PER_CALL = 20
_AT_ONCE = 100
_RECENT = timedelta(minutes=10)
_MARGIN = timedelta(hours=1)  # events must not fall off the vendor's end while they are being read


class _Data(msgspec.Struct):
    object: dict[str, Any]


class _Event(msgspec.Struct):
    created: int
    type: str
    data: _Data


_event = msgspec.json.Decoder(_Event)


@dataclass(frozen=True, slots=True)
class EventFeed:
    """The vendor's events: of each of these `types` the object is the touched record as it was then.

    `through` are the types of which the object is another that names the record, and where. They are kept for
    `days`, which the connection's extra may correct as `event_days`.
    """

    listing: LastIdList
    types: tuple[str, ...]
    through: Mapping[str, str] = field(default_factory=dict)
    days: float = 30

    def begins(self, session: Session) -> int:
        """The second from which the vendor still knows all events."""
        kept = timedelta(days=session.connection.number("event_days", self.days))
        return second_at(datetime.now(UTC) - kept + _MARGIN)

    def latest(self, session: Session, resource: Resource, since: int) -> dict[str, int]:
        """The records touched since then, each with the second of its latest event."""
        found: dict[str, int] = {}
        for types in batched([*self.types, *self.through], _TYPES_PER_CALL):
            asked = [*(("types[]", name) for name in types), *created_between(since, None)]
            for page in self.listing.pages(session, f"events of {resource.name}", asked):
                for event in map(_read_event, page):
                    key = str(event.data.object.get(self.through.get(event.type, "id")) or "")
                    found[key] = max(event.created, found.get(key, 0))
        found.pop("", None)
        return found


def _read_event(raw: msgspec.Raw) -> _Event:
    try:
        return _event.decode(raw)
    except msgspec.DecodeError as error:
        raise ServerError(
            "An event is not in the agreed form; check the API version, then run the task again."
        ) from error


@dataclass(frozen=True, slots=True)
class Span:
    """A window in whole seconds, and from where on events are known; `start` None means from the beginning."""

    start: int
    end: int
    known_from: int

    @property
    def is_known(self) -> bool:
        """Whether events tell of everything that was touched in the window."""
        return self.start >= self.known_from

    @property
    def is_forgotten(self) -> bool:
        """Whether no event of the window is left."""
        return self.end <= self.known_from


def span_of(window: Window | None, known_from: int) -> Span:
    """No window: all there is."""
    if window is None:
        return Span(0, NEVER, known_from)
    return Span(second_at(window.start), second_at(window.end), known_from)


@dataclass(frozen=True, slots=True)
class ThroughEvents:
    """Reads `listing` through `feed`; `filters` gives the parameter by which a field of ours can be looked up."""

    listing: LastIdList
    feed: EventFeed
    filters: Mapping[str, str] = field(default_factory=dict)
    size: int = LARGEST_PAGE

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """The records whose latest event lies in the window, deleted ones as the vendor tells of them."""
        span = span_of(window, self.feed.begins(session))
        if window is None and resource.modified is None:
            return prefetch(self._listed(session, resource, span, {}))
        return prefetch(self.read_span(session, resource, span))

    def read_span(self, session: Session, resource: Resource, span: Span) -> Iterator[Page]:
        """The same, in seconds."""
        if span.is_forgotten:
            yield from self._listed(session, resource, span, {})
            return
        latest = self.feed.latest(session, resource, max(span.start, span.known_from))
        missing = {key: second for key, second in latest.items() if second < span.end}
        for page in self._listed(session, resource, span, latest):
            for raw in page:
                missing.pop(head_of(raw).id, None)
            yield page
        for some in batched(sorted(missing), _AT_ONCE):
            found = ((key, self.listing.one(session, key)) for key in some)
            yield [with_knowledge(one[0], missing[key]) for key, one in found if one is not None]

    def _listed(
        self, session: Session, resource: Resource, span: Span, latest: Mapping[str, int]
    ) -> Iterator[Page]:
        """The listed records that belong to the window, with their stamps."""
        is_partial = span.is_known or span.is_forgotten
        end = span.end if span.end < NEVER else None
        bounds = created_between(span.start if is_partial else None, end)
        floor = 0 if is_partial else span.known_from
        for page in self.listing.pages(session, resource.name, bounds, size=self.size):
            heads = [(raw, head_of(raw)) for raw in page]
            stamped = [(raw, latest.get(head.id) or max(head.created, floor)) for raw, head in heads]
            yield [with_knowledge(raw, second) for raw, second in stamped if second < span.end]

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records with these keys, or those that a filter finds."""
        if name == resource.key:
            yield from self._by_key(session, resource, values)
            return
        for value in values:
            asked = [(self.filters[name], value)]
            for page in self.listing.pages(session, resource.name, asked, size=self.size):
                yield from self._by_key(session, resource, [head_of(raw).id for raw in page])

    def _by_key(self, session: Session, resource: Resource, keys: Sequence[str]) -> Iterator[Page]:
        """Events of the last minutes are read first: what they tell of is in the records that are read then."""
        for some in batched(keys, _AT_ONCE):
            latest = self.feed.latest(session, resource, second_at(datetime.now(UTC) - _RECENT))
            found = ((key, self.listing.one(session, key)) for key in some)
            yield [
                with_knowledge(one[0], max(one[1], latest.get(key, 0))) for key, one in found if one is not None
            ]
