"""Reads lists without an update filter through the events that say which records changed.

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
from typing import Any, NamedTuple

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.protocols.describing import NotDescribed
from concord.protocols.reading import batched, prefetch
from concord.protocols.repair import is_marked
from concord.protocols.values import UNREADABLE
from concord.systems.stripe.lists import (
    LARGEST_PAGE,
    NEVER,
    LastIdList,
    created_between,
    head_of,
    is_second,
    second_at,
    with_knowledge,
)

_TYPES_PER_CALL = 20
_AT_ONCE = 100
_RECENT = timedelta(minutes=10)
_MARGIN = timedelta(hours=1)  # events must not fall off the vendor's end while they are being read


class _Data(msgspec.Struct):
    object: Mapping[str, Any]


class _Event(msgspec.Struct):
    type: str
    data: _Data
    created: Any = None


_event = msgspec.json.Decoder(_Event, float_hook=str)


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

    def latest(self, session: Session, resource: Resource, since: int) -> "Touched":
        """The records touched since then, and the events that name no record.

        An event whose second cannot be read counts as `since`: its record is read, and nothing newer is replaced.
        """
        found = Touched({}, [])
        for types in batched([*self.types, *self.through], _TYPES_PER_CALL):
            asked = [*(("types[]", name) for name in types), *created_between(since, None)]
            for page in self.listing.pages(session, f"events of {resource.name}", asked):
                for raw in page:
                    self._note(raw, since, found)
        return found

    def _note(self, raw: msgspec.Raw, since: int, found: "Touched") -> None:
        try:
            event = _event.decode(raw)
        except UNREADABLE:
            found.unreadable.append(raw.copy())
            return
        place = self.through.get(event.type, "id")
        key = event.data.object.get(place)
        if isinstance(key, str) and key and not is_marked(key):
            second = event.created if is_second(event.created) else since
            found.seconds[key] = max(second, found.seconds.get(key, 0))
        elif key is not None or place == "id":
            found.unreadable.append(raw.copy())


class Touched(NamedTuple):
    """Records by key, each with the second of its latest event, and events that do not say what they touched."""

    seconds: dict[str, int]
    unreadable: Page


@dataclass(frozen=True, slots=True)
class Span:
    """A window in whole seconds, and from where on events are known; `start` None means from the beginning."""

    start: int
    end: int
    known_from: int

    @property
    def is_known(self) -> bool:
        """Whether there are events of everything that changed in the window."""
        return self.start >= self.known_from

    @property
    def is_forgotten(self) -> bool:
        """Whether no event of the window is left."""
        return self.end <= self.known_from


def span_of(window: Window | None, known_from: int) -> Span:
    """No window: all there is."""
    if window is None:
        return Span(0, NEVER, known_from)
    end = NEVER if window.is_open else second_at(window.end)
    return Span(second_at(window.start), end, known_from)


@dataclass(frozen=True, slots=True)
class ThroughEvents(NotDescribed):
    """Reads `listing` through `feed`; `filters` gives the parameter by which a field of ours can be looked up."""

    listing: LastIdList
    feed: EventFeed
    filters: Mapping[str, str] = field(default_factory=dict)
    size: int = LARGEST_PAGE

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """The records whose latest event lies in the window, deleted ones as the vendor shows them."""
        span = span_of(window, self.feed.begins(session))
        return prefetch(self.read_span(session, resource, span))

    def read_span(self, session: Session, resource: Resource, span: Span) -> Iterator[Page]:
        """The same, in seconds."""
        if span.is_forgotten:
            yield from self._listed(session, resource, span, {})
            return
        latest, unreadable = self.feed.latest(session, resource, max(span.start, span.known_from))
        if unreadable:
            yield unreadable
        missing = {key: second for key, second in latest.items() if second < span.end}
        for page in self._listed(session, resource, span, latest):
            for raw in page:
                missing.pop(head_of(raw).key, None)
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
            stamped = [(raw, latest.get(head.key) or max(head.second, floor)) for raw, head in heads]
            yield [with_knowledge(raw, second) for raw, second in stamped if second < span.end]

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The ids of all that is listed."""
        return self.listing.keys(session, resource.name, size=self.size)

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
                yield from self._by_key(session, resource, [key for raw in page if (key := head_of(raw).key)])

    def _by_key(self, session: Session, resource: Resource, keys: Sequence[str]) -> Iterator[Page]:
        """Events of the last minutes are read first, so that the records hold what they report."""
        for some in batched(keys, _AT_ONCE):
            latest = self.feed.latest(session, resource, second_at(datetime.now(UTC) - _RECENT)).seconds
            found = ((key, self.listing.one(session, key)) for key in some)
            yield [
                with_knowledge(one[0], max(one[1], latest.get(key, 0))) for key, one in found if one is not None
            ]
