"""HubSpot's objects: what changed by search, all there is and what was archived by lists, the rest by batches.

https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide

A search hands out 10,000 results and then no more, and its offsets slip when records change meanwhile. So
each page is a search of its own for the ids beyond the last one: no result is ever far from the beginning.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from concord.contract import ChangedBetween, Page, Resource, Session, Window
from concord.errors import ServerError
from concord.http.paging import Pages, ask, batched, prefetch

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_BATCH = 100
_ID = "hs_object_id"


class _Next(msgspec.Struct):
    after: str


class _Paging(msgspec.Struct):
    next: _Next | None = None


class _Listing(msgspec.Struct):
    results: list[msgspec.Raw]
    paging: _Paging | None = None


class _Head(msgspec.Struct, rename="camel"):
    id: str
    archived_at: datetime | None = None
    properties: dict[str, object] = {}


_listing = msgspec.json.Decoder(_Listing)
_head = msgspec.json.Decoder(_Head)


@dataclass(frozen=True, slots=True)
class HubSpotApi:
    """Where the objects lie; `version` is a date such as 2026-09, or v3; the connection's `api_version` wins."""

    version: str

    def path(self, session: Session, kind: str, rest: str = "") -> str:
        """The address of a call about one kind of object."""
        version = session.option("api_version", self.version)
        place = f"{version}/objects" if version.startswith("v") else f"objects/{version}"
        return f"/crm/{place}/{kind}{rest}"


@dataclass(frozen=True, slots=True)
class HubSpotObjects:
    """Reads one kind of object. `unique` are our names of properties that may stand for the id.

    `merged` is the property that lists the ids that were merged into a record. They still lead to it, so a
    listing of keys alone has them too: they are not deletions.
    """

    api: HubSpotApi
    kind: str
    unique: frozenset[str] = frozenset()
    merged: str = ""
    size: int = 100
    search_size: int = 200

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """What changed or was archived within the window; without one, all there is."""
        if window is not None and isinstance(resource.changes, ChangedBetween):
            return prefetch(self._read_changed(session, resource, resource.changes.field, window))
        if [field.name for field in resource.fields] == [resource.key]:
            return prefetch(self._read_keys(session, resource))
        return prefetch(self._read_all(session, resource))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records with these values; by a unique property without waiting for the search's index."""
        for some in batched(values, _PER_BATCH):
            if name == resource.key:
                yield from self._read_ids(session, resource, some)
            elif name in self.unique:
                yield self._batch(session, resource, some, id_property=resource.field(name).parts[-1])
            else:
                lowered = [value.lower() for value in some]
                wanted = {"propertyName": resource.field(name).parts[-1], "operator": "IN", "values": lowered}
                yield from self._search(session, resource, [wanted])

    def _read_all(self, session: Session, resource: Resource) -> Iterator[Page]:
        yield from self._list(session, resource, _properties(resource))
        yield from self._list(session, resource, _properties(resource), is_archived=True)

    def _read_keys(self, session: Session, resource: Resource) -> Iterator[Page]:
        for page in self._list(session, resource, [self.merged or _ID]):
            merged = (_head.decode(raw).properties.get(self.merged) for raw in page)
            old = [part for ids in merged if ids for part in str(ids).split(";")]
            yield [*page, *(msgspec.Raw(msgspec.json.encode({"id": key})) for key in old)]

    def _read_changed(self, session: Session, resource: Resource, field: str, window: Window) -> Iterator[Page]:
        stamp = resource.field(field).parts[-1]
        bounds: list[Mapping[str, object]] = [
            {"propertyName": stamp, "operator": "GTE", "value": _milliseconds(window.start)},
            {"propertyName": stamp, "operator": "LT", "value": _milliseconds(window.end)},
        ]
        yield from self._search(session, resource, bounds)
        for page in self._list(session, resource, _properties(resource), is_archived=True):
            yield [raw for raw in page if _was_archived_within(raw, window)]

    def _search(
        self, session: Session, resource: Resource, filters: Sequence[Mapping[str, object]]
    ) -> Iterator[Page]:
        path, pages = self.api.path(session, self.kind, "/search"), Pages(resource.name)
        beyond: list[Mapping[str, object]] = []
        while True:
            body = {
                "filterGroups": [{"filters": [*filters, *beyond]}],
                "sorts": [{"propertyName": _ID, "direction": "ASCENDING"}],
                "properties": _properties(resource),
                "limit": self.search_size,
            }
            found = ask(session, _listing, "POST", path, body=body)
            yield found.results
            if found.paging is None or found.paging.next is None:
                return
            if not found.results:
                raise ServerError(
                    f"A page of {resource.name} is empty and says that more follow; run the task again."
                )
            last = _head.decode(found.results[-1]).id
            pages.turn(last)
            beyond = [{"propertyName": _ID, "operator": "GT", "value": last}]

    def _list(
        self, session: Session, resource: Resource, properties: Sequence[str], *, is_archived: bool = False
    ) -> Iterator[Page]:
        path, pages = self.api.path(session, self.kind), Pages(resource.name)
        params = {
            "limit": str(self.size),
            "properties": ",".join(properties),
            "archived": "true" if is_archived else "false",
        }
        while True:
            found = ask(session, _listing, "GET", path, params=params)
            yield found.results
            if found.paging is None or found.paging.next is None:
                return
            pages.turn(found.paging.next.after)
            params = {**params, "after": found.paging.next.after}

    def _read_ids(self, session: Session, resource: Resource, keys: Sequence[str]) -> Iterator[Page]:
        """The live ones, and for those that are not, the archived ones."""
        live = self._batch(session, resource, keys)
        found = {_head.decode(raw).id for raw in live}
        yield live
        missing = [key for key in keys if key not in found]
        if missing:
            yield self._batch(session, resource, missing, is_archived=True)

    def _batch(
        self,
        session: Session,
        resource: Resource,
        values: Sequence[str],
        *,
        id_property: str = "",
        is_archived: bool = False,
    ) -> Page:
        body: dict[str, object] = {
            "inputs": [{"id": value} for value in dict.fromkeys(values)],
            "properties": _properties(resource),
            "propertiesWithHistory": [],
        }
        if id_property:
            body["idProperty"] = id_property
        params = {"archived": "true"} if is_archived else None
        path = self.api.path(session, self.kind, "/batch/read")
        return ask(session, _listing, "POST", path, params=params, body=body).results


def _properties(resource: Resource) -> list[str]:
    """The properties that the declared fields are made of."""
    return sorted({field.parts[1] for field in resource.fields if field.parts[0] == "properties"})


def _milliseconds(moment: datetime) -> str:
    """The vendor's stamps have milliseconds; both ends of a window are cut alike."""
    return str((moment - _EPOCH) // timedelta(milliseconds=1))


def _was_archived_within(raw: msgspec.Raw, window: Window) -> bool:
    moment = _head.decode(raw).archived_at
    return moment is None or window.start <= moment < window.end
