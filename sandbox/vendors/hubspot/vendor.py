"""The second CRM: HubSpot's contacts, companies and deals as far as a nightly sync uses them."""

import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

from sandbox.server.records import Record
from sandbox.server.vendor import Call, Described, Page, Vendor, json_answer
from sandbox.server.wire import Answer, App
from sandbox.vendors.hubspot import writes
from sandbox.vendors.hubspot.errors import HubSpotError, not_found
from sandbox.vendors.hubspot.limits import Limits, refusal_body
from sandbox.vendors.hubspot.objects import COLLECTIONS, TYPES, checked, stamp
from sandbox.vendors.hubspot.rest_api import SEARCH_CAP, RestApi, Route, route_of, targets_of

_TOKEN = "pat-eu1-sandbox-4f4b"  # noqa: S105 - the sandbox guards nothing
_EXPIRED = HubSpotError("EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired.", status=401)
_INVALID = HubSpotError("INVALID_AUTHENTICATION", "Authentication credentials not found.", status=401)
_NAMES = {"batch_update": "update", "batch_upsert": "upsert", "batch_archive": "archive", "batch_create": "create"}


class HubSpot(Vendor):
    """One account in one SQLite file; its token is valid until it is withdrawn."""

    name = "hubspot"
    denial = (
        "status",
        {
            "status": 403,
            "category": "MISSING_SCOPES",
            "message": "This app hasn't been granted all required scopes.",
        },
    )
    client = ("private-app", _TOKEN)

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, COLLECTIONS)
        self.api = RestApi(self.store)
        self.limits = Limits()
        self._is_withdrawn = False

    def app(self) -> App:
        app = FastAPI(title="HubSpot sandbox", openapi_url=None)

        @app.api_route("/crm/{path:path}", methods=["GET", "POST", "PATCH", "DELETE"])
        async def crm(request: Request) -> Response:
            return self._answer(await _call(request))

        return app

    def _answer(self, call: Call) -> Response:
        route = route_of(call)
        is_search = route is not None and route.name == "search"
        try:
            status, body = self._routed(call, route)
        except HubSpotError as refused:
            status, body = refused.status, refused.body()
        response = Response(status_code=204) if status == 204 else _json(status, body)
        if not is_search:
            response.headers.update(self.limits.headers())
        return response

    def _routed(self, call: Call, route: Route | None) -> tuple[int, Any]:
        if self._is_withdrawn:
            raise _EXPIRED
        if not hmac.compare_digest(_bearer(call).encode(), _TOKEN.encode()):
            raise _INVALID
        policy = self.limits.take(is_search=route is not None and route.name == "search")
        if policy is not None:
            return 429, refusal_body(policy)
        if route is None:
            raise not_found()
        return self.api.answer(route)

    def field_table(self, collection: str) -> dict[str, Any]:
        return TYPES[collection].properties

    def describe(self, call: Call) -> Described:
        """`list:contacts`, `search:deals`, `update:contacts`, `upsert:companies` and the like."""
        route = route_of(call)
        if route is None:
            return Described((f"{call.method} {call.path}",))
        return Described((f"{_NAMES.get(route.name, route.name)}:{route.kind.name}",), targets_of(route))

    def page_in(self, call: Call, payload: Any) -> Page | None:
        route = route_of(call)
        if route is None or route.name not in ("list", "search") or not isinstance(payload, dict):
            return None
        following = payload.get("paging", {}).get("next", {}).get("after")

        def set_cursor(value: str) -> None:
            payload["paging"] = {"next": {"after": value}}

        return Page(route.kind.name, "id", payload["results"], following, set_cursor)

    def results_in(self, payload: Any) -> list[Any] | None:
        is_batch = isinstance(payload, dict) and "completedAt" in payload
        return payload["results"] if is_batch else None

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        if kind == "expired_token":
            return json_answer(401, _EXPIRED.body())
        if kind == "throttle":
            answer = json_answer(429, refusal_body(str(fault.get("policy", "TEN_SECONDLY_ROLLING"))))
        else:
            status = int(fault.get("status", 400 if kind == "errors" else 500))
            category = str(fault.get("category", "VALIDATION_ERROR" if status == 400 else "INTERNAL_ERROR"))
            message = str(fault.get("message", "There was a problem with the request."))
            answer = json_answer(status, HubSpotError(category, message, status=status).body())
        if fault.get("retry_after") is not None:
            answer.set_header("retry-after", str(fault["retry_after"]))
        return answer

    def fail_rows(self, fault: Mapping[str, Any] | None) -> None:
        self.api.batches.row_faults = fault

    def expire_token(self, call: Call) -> None:
        self._is_withdrawn = True

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        """Edit a record as a person does; `merge` with an id merges two records, `purge` deletes one for good."""
        kind, properties = TYPES[collection], dict(changes)
        if record_id is None:
            return writes.create(self.store, kind, properties, operation="edit")
        if "merge" in properties:
            other = str(properties["merge"])
            return writes.merge(self.store, kind, record_id, other, has_new_id=self.api.merges_to_new_id)
        record = self.store.get(collection, record_id)
        if record is None:
            raise KeyError(record_id)
        if properties.get("purge"):
            writes.purge(self.store, kind, record_id)
            return record
        known = {name: value for name, value in properties.items() if name in kind.properties}
        values = {**record["properties"], **properties, **checked(kind, known)}
        record = {**record, "properties": values, "updatedAt": stamp(self.store.clock.tick())}
        self.store.put(collection, record, operation="edit")
        return record

    def delete(self, collection: str, record_id: str) -> bool:
        return writes.archive(self.store, TYPES[collection], record_id, operation="edit")

    def resolve(self, collection: str, name: str) -> str:
        field, _, value = name.partition("=")
        keys = self.store.find(collection, field, value) if value else []
        return str(keys[0]) if keys else name

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        self.limits.allowed |= {name: int(limits[name]) for name in self.limits.allowed if name in limits}
        self.api.search_cap = int(limits.get("search_cap", self.api.search_cap))
        self.api.index_lag = float(limits.get("index_lag", self.api.index_lag))
        self.api.merges_to_new_id = bool(limits.get("merges_to_new_id", self.api.merges_to_new_id))
        self._is_withdrawn = bool(limits.get("expire_tokens", self._is_withdrawn))
        return {
            **self.limits.allowed,
            "used_today": self.limits.used_today,
            "search_cap": self.api.search_cap,
            "index_lag": self.api.index_lag,
            "merges_to_new_id": self.api.merges_to_new_id,
        }

    def reset(self) -> None:
        self.limits.reset()
        self.api.search_cap, self.api.index_lag, self.api.merges_to_new_id = SEARCH_CAP, 0.0, True
        self._is_withdrawn = False

    def prepare(self, collection: str, record: Record) -> Record:
        """A record of a load file as it is stored; the ids that were merged into it lead to it."""
        for old in filter(None, (record["properties"].get("hs_merged_object_ids") or "").split(";")):
            self.store.note(f"merged:{collection}", old, record["id"])
        return record


def _bearer(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _call(request: Request) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(request.method, request.url.path, request.url.query, headers, await request.body())


def _json(status: int, body: object) -> Response:
    answer = json_answer(status, body)
    return Response(answer.body, status, media_type="application/json;charset=utf-8")
