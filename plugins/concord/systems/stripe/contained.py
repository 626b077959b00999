"""Reads records that are taken into others later without saying so: the transactions of a payout.

The vendor lists what a container holds, but a record does not name its container. The reader adds it as
`_concord.container`; being taken in is a change of the record, at the second at which the container changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.protocols.describing import NotDescribed
from concord.protocols.reading import prefetch
from concord.protocols.repair import is_marked
from concord.protocols.values import UNREADABLE
from concord.systems.stripe.events import Span, ThroughEvents, span_of
from concord.systems.stripe.lists import (
    LARGEST_PAGE,
    NEVER,
    LastIdList,
    created_between,
    head_of,
    with_knowledge,
)


class _Knowledge(msgspec.Struct):
    changed: int


class _Container(msgspec.Struct):
    id: str
    known: _Knowledge = msgspec.field(name="_concord")


_container = msgspec.json.Decoder(_Container)


def _container_of(raw: msgspec.Raw) -> _Container | None:
    """The container, None where its id cannot be read: what it holds then comes with its own stamp."""
    try:
        found = _container.decode(raw)
    except UNREADABLE:
        return None
    return None if is_marked(found.id) else found


@dataclass(frozen=True, slots=True)
class TakenInto(NotDescribed):
    """Reads `listing`; `parameter` asks it for what one of the `containers` holds."""

    listing: LastIdList
    containers: ThroughEvents
    parameter: str
    size: int = LARGEST_PAGE

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """What was created in the window or taken in by a container that changed in it, each record once."""
        span = span_of(window, self.containers.feed.begins(session))
        return prefetch(self._read(session, resource, span))

    def _read(self, session: Session, resource: Resource, span: Span) -> Iterator[Page]:
        """Containers that changed after the window hold records that belong to a later one."""
        seen: set[str] = set()
        asked = span if span.is_forgotten else replace(span, end=NEVER)
        for page in self.containers.read_span(session, resource, asked):
            for container in filter(None, map(_container_of, page)):
                for held in self._held(session, resource, container, seen):
                    if container.known.changed < span.end:
                        yield held
        yield from self._created(session, resource, span, seen)

    def _held(self, session: Session, resource: Resource, container: _Container, seen: set[str]) -> Iterator[Page]:
        for page in self.listing.pages(session, resource.name, [(self.parameter, container.id)], size=self.size):
            fresh = [raw for raw in page if head_of(raw).key not in seen]
            seen.update(key for raw in fresh if (key := head_of(raw).key))
            yield [with_knowledge(raw, container.known.changed, container=container.id) for raw in fresh]

    def _created(self, session: Session, resource: Resource, span: Span, seen: set[str]) -> Iterator[Page]:
        end = span.end if span.end < NEVER else None
        bounds = created_between(span.start, end)
        for page in self.listing.pages(session, resource.name, bounds, size=self.size):
            heads = [(raw, head_of(raw)) for raw in page]
            yield [with_knowledge(raw, head.second) for raw, head in heads if head.key not in seen]

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The ids of all that is listed."""
        return self.listing.keys(session, resource.name, size=self.size)

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records with these keys; their containers are looked for among those made after them."""
        if name != resource.key:
            raise KeyError(name)
        found = {key: one for key in values if (one := self.listing.one(session, key)) is not None}
        if not found:
            return
        holders = self._holders(
            session, resource, set(found), min(head_of(raw).second for raw, _ in found.values())
        )
        yield [
            with_knowledge(raw, second, **({"container": holders[key]} if key in holders else {}))
            for key, (raw, second) in found.items()
        ]

    def _holders(self, session: Session, resource: Resource, wanted: set[str], since: int) -> dict[str, str]:
        """The container of each record that has one; containers are listed until all are found."""
        holders: dict[str, str] = {}
        for page in self.containers.listing.pages(session, resource.name, created_between(since, None)):
            for container in filter(None, (head_of(raw).key for raw in page)):
                asked = [(self.parameter, container)]
                for held in self.listing.pages(session, resource.name, asked, size=self.size):
                    holders |= {head.key: container for head in map(head_of, held) if head.key in wanted}
                if len(holders) == len(wanted):
                    return holders
        return holders
