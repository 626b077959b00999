"""The CRM's paths: what each method and path means, and the handlers behind it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from sandbox.server.queries import Order, Where
from sandbox.server.records import decode
from sandbox.server.store import Store
from sandbox.server.vendor import Call
from sandbox.vendors.hubspot import writes
from sandbox.vendors.hubspot.batches import Batches
from sandbox.vendors.hubspot.errors import HubSpotError, invalid_request, not_found
from sandbox.vendors.hubspot.objects import ObjectType, described, shown, type_named
from sandbox.vendors.hubspot.search import search

_PATH = re.compile(r"/crm/(?:v3/objects|objects/(?:2026-03|2026-09))/(?P<type>[\w-]+)(?P<rest>/.*)?")
_PROPERTIES = re.compile(r"/crm/(?:v3/properties|properties/(?:2026-03|2026-09))/(?P<type>[\w-]+)")
_BATCH = {name: f"batch_{name}" for name in ("read", "create", "update", "upsert", "archive")}
_LARGEST_PAGE = 100
SEARCH_CAP = 10_000
Reply = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """What a call means: the handler's name, the type of object, the id in the path."""

    name: str
    kind: ObjectType
    id: str
    call: Call

    def query(self, name: str, default: str = "") -> str:
        """A parameter of the query string."""
        return parse_qs(self.call.query, keep_blank_values=True).get(name, [default])[0]

    @property
    def is_archived(self) -> bool:
        """Whether the call is about archived records."""
        return self.query("archived").lower() == "true"

    def names(self) -> list[str]:
        """The properties asked for, whether joined by commas or given one by one."""
        given = parse_qs(self.call.query).get("properties", [])
        return [name for value in given for name in value.split(",") if name]

    def body(self) -> dict[str, Any]:
        """The decoded body."""
        try:
            decoded = decode(self.call.body)
        except ValueError as wrong:
            raise invalid_request(f"Invalid input JSON: {wrong}") from wrong
        if not isinstance(decoded, dict):
            raise invalid_request("Invalid input JSON: an object is needed")
        return decoded


def route_of(call: Call) -> Route | None:
    """The route of a call; None for an unknown path."""
    listed = _PROPERTIES.fullmatch(call.path)
    match = listed or _PATH.fullmatch(call.path)
    kind = type_named(match["type"]) if match else None
    if match is None or kind is None:
        return None
    if listed:
        return Route("properties", kind, "", call) if call.method == "GET" else None
    parts = [unquote(part) for part in (match["rest"] or "").split("/") if part]
    name, record_id = _name_of(call.method, parts)
    return Route(name, kind, record_id, call) if name else None


def _name_of(method: str, parts: list[str]) -> tuple[str, str]:
    match method, parts:
        case "GET", []:
            return "list", ""
        case "POST", []:
            return "create", ""
        case "POST", ["search" | "merge" | "gdpr-delete" as name]:
            return {"gdpr-delete": "purge"}.get(name, name), ""
        case "POST", ["batch", name]:
            return _BATCH.get(name, ""), ""
        case "GET" | "PATCH" | "DELETE", [record_id]:
            return {"GET": "get", "PATCH": "update", "DELETE": "archive"}[method], record_id
    return "", ""


@dataclass
class RestApi:
    """Handles routed calls; the cap and lag of the search and the way of merging can be changed."""

    store: Store
    batches: Batches = field(init=False)
    search_cap: int = SEARCH_CAP
    index_lag: float = 0.0
    merges_to_new_id: bool = True

    def __post_init__(self) -> None:
        self.batches = Batches(self.store)

    def answer(self, route: Route) -> Reply:
        """Status and body."""
        batches, kind = self.batches, route.kind
        handlers: Mapping[str, Callable[[Route], Reply]] = {
            "properties": lambda route: (200, {"results": [described(item) for item in kind.properties.values()]}),
            "list": self._list,
            "get": self._get,
            "create": self._create,
            "update": self._update,
            "archive": self._archive,
            "merge": self._merge,
            "purge": self._purge,
            "search": self._search,
            "batch_read": lambda route: batches.read(kind, route.body(), is_archived=route.is_archived),
            "batch_create": lambda route: batches.create(kind, route.body()),
            "batch_update": lambda route: batches.update(kind, route.body()),
            "batch_upsert": lambda route: batches.upsert(kind, route.body()),
            "batch_archive": lambda route: batches.archive(kind, route.body()),
        }
        return handlers[route.name](route)

    def _list(self, route: Route) -> Reply:
        limit, after = int(route.query("limit", "10")), route.query("after", "0")
        if not 1 <= limit <= _LARGEST_PAGE or not after.isdigit():
            raise invalid_request(f"limit must be between 1 and {_LARGEST_PAGE}, and after a mark we gave")
        where = Where("deleted = ?", (int(route.is_archived),))
        order = Order()
        rows = self.store.page(route.kind.name, order.after(where, (0, int(after))), order, limit=limit + 1)
        results = [shown(route.kind, decode(row[2]), route.names()) for row in rows[:limit]]
        page: dict[str, Any] = {"results": results}
        if len(rows) > limit:
            page["paging"] = {"next": {"after": results[-1]["id"], "link": f"{route.call.path}?after="}}
        return 200, page

    def _get(self, route: Route) -> Reply:
        record = writes.existing(
            self.store,
            route.kind,
            route.id,
            id_property=route.query("idProperty"),
            is_archived=route.is_archived,
        )
        return 200, shown(route.kind, record, route.names())

    def _create(self, route: Route) -> Reply:
        properties = route.body().get("properties") or {}
        record = writes.create(self.store, route.kind, properties, operation=f"create:{route.kind.name}")
        return 201, shown(route.kind, record, properties)

    def _update(self, route: Route) -> Reply:
        record = writes.existing(self.store, route.kind, route.id, id_property=route.query("idProperty"))
        properties = route.body().get("properties") or {}
        record = writes.update(self.store, route.kind, record, properties, operation=f"update:{route.kind.name}")
        return 200, shown(route.kind, record, properties)

    def _archive(self, route: Route) -> Reply:
        writes.archive(self.store, route.kind, route.id, operation=f"archive:{route.kind.name}")
        return 204, None

    def _merge(self, route: Route) -> Reply:
        body = route.body()
        primary, other = str(body.get("primaryObjectId", "")), str(body.get("objectIdToMerge", ""))
        record = writes.merge(self.store, route.kind, primary, other, has_new_id=self.merges_to_new_id)
        return 200, shown(route.kind, record, ("hs_merged_object_ids",))

    def _purge(self, route: Route) -> Reply:
        if route.kind.name != "contacts":
            raise not_found()
        body = route.body()
        writes.purge(
            self.store, route.kind, str(body.get("objectId", "")), id_property=str(body.get("idProperty") or "")
        )
        return 204, None

    def _search(self, route: Route) -> Reply:
        return 200, search(self.store, route.kind, route.body(), cap=self.search_cap, lag=self.index_lag)


def targets_of(route: Route) -> tuple[tuple[str, str], ...]:
    """The records that a write is for, by id or by `property=value`."""
    kind = route.kind.name
    if route.name in ("update", "archive"):
        return ((kind, route.id),)
    if route.name not in ("batch_update", "batch_upsert", "batch_archive"):
        return ()
    try:
        inputs = route.body().get("inputs") or []
    except HubSpotError:
        return ()
    named = [item for item in inputs if isinstance(item, dict)]
    return tuple(
        (kind, f"{item['idProperty']}={item.get('id')}" if item.get("idProperty") else str(item.get("id")))
        for item in named
    )
