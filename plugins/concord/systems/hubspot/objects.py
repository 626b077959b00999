"""HubSpot's objects: changed ones by search, all and archived ones by lists, those with known ids by batches.

https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide

A search hands out 10,000 results and then no more, and its offsets slip when records change meanwhile. So
each page is a search of its own for the ids beyond the last one: no result is ever far from the beginning.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from concord.contract import ChangedBetween, Kind, Page, Resource, Session, Window
from concord.contract.fields import split_path
from concord.errors import ServerError
from concord.protocols.counting import check_total
from concord.protocols.describing import paths_of
from concord.protocols.reading import Pages, ask, batched, prefetch
from concord.protocols.values import UNREADABLE, read_moment

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
    total: int | None = None


class _Head(msgspec.Struct, rename="camel"):
    """What the reader itself must know of a record; empty where it cannot be read, which validation sees."""

    id: str = ""
    archived_at: object = None
    properties: dict[str, object] = {}


class Definition(msgspec.Struct, rename="camel"):
    """One property of a kind of object; `has_unique_value` is None where the vendor does not say it."""

    name: str
    type: str = ""
    has_unique_value: bool | None = None


class _Definitions(msgspec.Struct):
    results: list[Definition]


_definitions = msgspec.json.Decoder(_Definitions)
_KINDS = {
    "string": Kind.TEXT,
    "enumeration": Kind.TEXT,
    "number": Kind.DECIMAL,
    "bool": Kind.BOOLEAN,
    "date": Kind.DATE,
    "datetime": Kind.TIMESTAMP,
}
_listing = msgspec.json.Decoder(_Listing)
_head = msgspec.json.Decoder(_Head, float_hook=str)


@dataclass(frozen=True, slots=True)
class HubSpotApi:
    """Where the objects lie; `version` is a date such as 2026-09, or v3; the connection's `api_version` wins."""

    version: str

    def path(self, session: Session, kind: str, rest: str = "") -> str:
        """The address of a call about one kind of object."""
        version = session.option("api_version", self.version)
        prefix = f"{version}/objects" if version.startswith("v") else f"objects/{version}"
        return f"/crm/{prefix}/{kind}{rest}"

    def properties_path(self, session: Session, kind: str) -> str:
        """The address of the definitions of the properties of one kind of object."""
        version = session.option("api_version", self.version)
        prefix = f"{version}/properties" if version.startswith("v") else f"properties/{version}"
        return f"/crm/{prefix}/{kind}"


def read_definitions(api: HubSpotApi, session: Session, kind: str) -> list[Definition]:
    """The properties of one kind of object, as the account defines them."""
    path = api.properties_path(session, kind)
    return session.once(f"GET {path}", lambda: ask(session, _definitions, "GET", path)).results


@dataclass(frozen=True, slots=True)
class HubSpotObjects:
    """Reads one kind of object. `unique` are our names of properties that may stand for the id.

    `merged` is the property that lists the ids that were merged into a record. They still lead to it, so they are
    among the keys that are listed: they are not deletions.
    """

    api: HubSpotApi
    kind: str
    unique: frozenset[str] = frozenset()
    merged: str = ""
    size: int = 100
    search_size: int = 200

    def describe(self, session: Session, resource: Resource) -> Mapping[str, Kind | None]:
        """What the list of properties says; beside the properties every object has the same members."""
        kinds = {item.name: _KINDS.get(item.type) for item in read_definitions(self.api, session, self.kind)}
        paths = {path: split_path(path) for path in paths_of(resource)}
        return {f"properties.{name}": kind for name, kind in kinds.items()} | {
            path: kinds.get(parts[-1])
            for path, parts in paths.items()
            if parts[0] != "properties" or parts[-1] in kinds
        }

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """What changed or was archived within the window; without one, all there is."""
        if window is not None and isinstance(resource.changes, ChangedBetween):
            return prefetch(self._read_changed(session, resource, resource.changes.field, window))
        return prefetch(self._read_all(session, resource))

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The ids of all objects that are not archived, and those that were merged into one of them."""
        for page in prefetch(self._list(session, resource, [self.merged or _ID])):
            heads = [_head_of(raw) for raw in page]
            merged = (head.properties.get(self.merged) for head in heads)
            yield [*(head.id for head in heads), *(key for ids in merged if ids for key in str(ids).split(";"))]

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

    def _read_changed(self, session: Session, resource: Resource, field: str, window: Window) -> Iterator[Page]:
        stamp = resource.field(field).parts[-1]
        bounds: list[Mapping[str, object]] = [
            {"propertyName": stamp, "operator": "GTE", "value": _milliseconds(window.start)},
        ]
        if not window.is_open:
            bounds.append({"propertyName": stamp, "operator": "LT", "value": _milliseconds(window.end)})
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
                check_total(resource.name, len(found.results), found.total)
                return
            if not found.results:
                raise ServerError(
                    f"A page of {resource.name} is empty and says that more follow; run the task again."
                )
            last = max((int(key) for raw in found.results if (key := _head_of(raw).id).isdecimal()), default=0)
            pages.note_next(last)
            beyond = [{"propertyName": _ID, "operator": "GT", "value": str(last)}]

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
            pages.note_next(found.paging.next.after)
            params = {**params, "after": found.paging.next.after}

    def _read_ids(self, session: Session, resource: Resource, keys: Sequence[str]) -> Iterator[Page]:
        """The live ones, and for those that are not, the archived ones."""
        live = self._batch(session, resource, keys)
        found = {_head_of(raw).id for raw in live}
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


def _head_of(raw: msgspec.Raw) -> _Head:
    try:
        return _head.decode(raw)
    except UNREADABLE:
        return _Head()


def _properties(resource: Resource) -> list[str]:
    """The properties that the declared fields are made of."""
    return sorted({field.parts[1] for field in resource.fields if field.parts[0] == "properties"})


def _milliseconds(moment: datetime) -> str:
    """The vendor's stamps have milliseconds; both ends of a window are cut alike."""
    return str(_whole_milliseconds(moment))


def _whole_milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _was_archived_within(raw: msgspec.Raw, window: Window) -> bool:
    """Whether it was archived in the window, both ends of which are cut to milliseconds as the stamp is."""
    moment = read_moment(_head_of(raw).archived_at)
    if moment is None:
        return True
    return _whole_milliseconds(window.start) <= _whole_milliseconds(moment) < _whole_milliseconds(window.end)
