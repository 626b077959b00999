"""The marketing tool: Klaviyo's profiles, their consent, and events, as far as a nightly sync uses them."""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from fastapi import FastAPI, Request, Response

from sandbox.server.clock import to_micros
from sandbox.server.records import Collection, Record, decode
from sandbox.server.vendor import Call, Described, Page, Vendor, json_answer
from sandbox.server.wire import Answer, App
from sandbox.vendors.klaviyo import profiles
from sandbox.vendors.klaviyo.errors import KlaviyoError, not_found
from sandbox.vendors.klaviyo.filters import KINDS, page
from sandbox.vendors.klaviyo.jobs import Jobs
from sandbox.vendors.klaviyo.limits import Limits

_KEY = "pk_sandbox_5c1f0e"
_UNKNOWN = KlaviyoError("not_authenticated", "The API key provided is invalid.", status=401)
_REVISION = re.compile(r"20\d\d-\d\d-\d\d")
_ID = r"(?P<id>[^/]+)"
_ROUTES = tuple(
    (method, re.compile(f"/api/{pattern}"), name)
    for method, pattern, name in (
        ("GET", r"(?P<kind>profiles|events)", "list"),
        ("GET", rf"(?P<kind>profiles|events)/{_ID}", "get"),
        ("POST", r"profiles", "create:profiles"),
        ("PATCH", rf"profiles/{_ID}", "update:profiles"),
        ("POST", r"profile-import", "upsert:profiles"),
        ("POST", r"profile-bulk-import-jobs", "import_job"),
        ("GET", rf"profile-bulk-import-jobs/{_ID}", "job"),
        ("GET", rf"profile-bulk-import-jobs/{_ID}/import-errors", "job_errors"),
        ("POST", r"profile-subscription-bulk-create-jobs", "subscribe_job"),
        ("POST", r"profile-subscription-bulk-delete-jobs", "unsubscribe_job"),
    )
)
_EVENTS = Collection("events", "id", "datetime", str, lambda record: to_micros(record["attributes"]["datetime"]))
Reply = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """What a call means: its name, the collection, the id in the path, the query and the body."""

    name: str
    kind: str
    id: str
    call: Call

    @property
    def query(self) -> dict[str, str]:
        """The parameters."""
        return dict(parse_qsl(self.call.query, keep_blank_values=True))

    def body(self) -> dict[str, Any]:
        """The decoded body."""
        try:
            decoded = decode(self.call.body)
        except ValueError as wrong:
            raise KlaviyoError("invalid", "The request body is no JSON.", pointer="/data") from wrong
        if not isinstance(decoded, dict) or not isinstance(decoded.get("data"), dict):
            raise KlaviyoError("invalid", "The request needs an object of data.", pointer="/data")
        return decoded


def route_of(call: Call) -> Route | None:
    """The route of a call; None for an unknown path."""
    for method, pattern, name in _ROUTES:
        match = pattern.fullmatch(call.path) if method == call.method else None
        if match:
            parts = match.groupdict()
            kind = parts.get("kind", "profiles")
            return Route(f"{name}:{kind}" if "kind" in parts else name, kind, unquote(parts.get("id", "")), call)
    return None


class Klaviyo(Vendor):
    """One account in one SQLite file; its private key does not expire."""

    name = "klaviyo"
    client = ("private-key", _KEY)
    ignores_trailing_slash = True

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, (profiles.COLLECTION, _EVENTS))
        self.jobs = Jobs(self.store)
        self.limits = Limits()

    def app(self) -> App:
        app = FastAPI(title="Klaviyo sandbox", openapi_url=None)

        @app.api_route("/api/{path:path}", methods=["GET", "POST", "PATCH"])
        async def api(request: Request) -> Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            query = request.url.query
            return self._answer(Call(request.method, request.url.path, query, headers, await request.body()))

        return app

    def _answer(self, call: Call) -> Response:
        more: dict[str, str] = {}
        route = route_of(call)
        try:
            status, body = self._routed(call, route, more)
        except KlaviyoError as refused:
            status, body = refused.status, refused.body()
        answer = json_answer(status, body)
        content = b"" if body is None else answer.body
        return Response(content, status, headers=more, media_type="application/vnd.api+json")

    def _routed(self, call: Call, route: Route | None, headers: dict[str, str]) -> Reply:
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        if scheme != "Klaviyo-API-Key" or not hmac.compare_digest(key.encode(), _KEY.encode()):
            raise _UNKNOWN
        if not _REVISION.match(call.headers.get("revision", "")):
            raise KlaviyoError("invalid", "A valid revision header is required.", parameter="revision")
        if route is None:
            raise KlaviyoError("not_found", "Not found.", status=404)
        wait = self.limits.take(route.name)
        if wait is not None:
            headers["Retry-After"] = str(wait)
            raise KlaviyoError(
                "throttled", f"Request was throttled. Expected available in {wait} second.", status=429
            )
        headers.update(self.limits.headers(route.name))
        handlers: dict[str, Callable[[Route], Reply]] = {
            "list": self._list,
            "get": self._get,
            "create": self._create,
            "update": self._update,
            "upsert": self._upsert,
            "import_job": lambda route: (202, {"data": self.jobs.import_profiles(route.body(), len(call.body))}),
            "job": lambda route: (200, {"data": self.jobs.look_at(route.id)}),
            "job_errors": self._job_errors,
            "subscribe_job": self._subscribe,
            "unsubscribe_job": self._unsubscribe,
        }
        return handlers[route.name.partition(":")[0]](route)

    def _list(self, route: Route) -> Reply:
        records, cursor = page(self.store, KINDS[route.kind], route.query)
        base = f"http://{route.call.headers.get('host', 'a.klaviyo.com')}{route.call.path}"
        links = {"self": f"{base}?{route.call.query}", "next": None, "prev": None}
        if cursor:
            links["next"] = f"{base}?{urlencode({**route.query, 'page[cursor]': cursor})}"
        return 200, {"data": [self._shown(route, record) for record in records], "links": links}

    def _get(self, route: Route) -> Reply:
        record = self.store.get(route.kind, route.id)
        if record is None:
            raise not_found(route.kind.removesuffix("s"), route.id)
        return 200, {"data": self._shown(route, record)}

    def _shown(self, route: Route, record: Record) -> Record:
        if route.kind == "events":
            return {**record, "links": {"self": f"https://a.klaviyo.com/api/events/{record['id']}/"}}
        asked = route.query.get("additional-fields[profile]", "")
        return profiles.shown(record, has_subscriptions="subscriptions" in asked.split(","))

    def _create(self, route: Route) -> Reply:
        record = profiles.create(self.store, _attributes(route), operation=route.name)
        return 201, {"data": profiles.shown(record, has_subscriptions=False)}

    def _update(self, route: Route) -> Reply:
        found = profiles.existing(self.store, route.id)
        record = profiles.update(self.store, found, _attributes(route), operation=route.name)
        return 200, {"data": profiles.shown(record, has_subscriptions=False)}

    def _upsert(self, route: Route) -> Reply:
        found = profiles.find(self.store, route.body()["data"])
        if found is None:
            return self._create(route)
        record = profiles.update(self.store, found, _attributes(route), operation=route.name)
        return 200, {"data": profiles.shown(record, has_subscriptions=False)}

    def _subscribe(self, route: Route) -> Reply:
        self.jobs.subscribe(route.body())
        return 202, None

    def _unsubscribe(self, route: Route) -> Reply:
        self.jobs.unsubscribe(route.body())
        return 202, None

    def _job_errors(self, route: Route) -> Reply:
        """One page of a job's errors; the mark of the next page is a number."""
        size, number = int(route.query.get("page[size]", "20")), int(route.query.get("page[cursor]", "0"))
        errors = self.jobs.errors_of(route.id)
        base = f"http://{route.call.headers.get('host', 'a.klaviyo.com')}{route.call.path}"
        following = f"{base}?{urlencode({'page[size]': size, 'page[cursor]': number + 1})}"
        has_more = len(errors) > (number + 1) * size
        some = errors[number * size : (number + 1) * size]
        return 200, {"data": some, "links": {"self": base, "next": following if has_more else None}}

    def describe(self, call: Call) -> Described:
        """`list:profiles`, `get:events`, `import_job`, `unsubscribe_job` and the like."""
        route = route_of(call)
        if route is None:
            return Described((f"{call.method} {call.path}",))
        targets = ((route.kind, route.id),) if route.name.startswith("update") else ()
        return Described((route.name,), targets)

    def page_in(self, call: Call, payload: Any) -> Page | None:
        route = route_of(call)
        if route is None or not route.name.startswith("list:") or not isinstance(payload.get("data"), list):
            return None

        def set_cursor(value: str) -> None:
            payload["links"]["next"] = value

        return Page(route.kind, "id", payload["data"], payload["links"]["next"], set_cursor)

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        if kind == "expired_token":
            return json_answer(401, _UNKNOWN.body())
        status = 429 if kind == "throttle" else int(fault.get("status", 400 if kind == "errors" else 500))
        code = {429: "throttled", 400: "invalid", 403: "permission_denied"}.get(status, "error")
        message = str(fault.get("message", "This cannot be done now."))
        answer = json_answer(status, KlaviyoError(code, message, status=status).body())
        if status == 429 or fault.get("retry_after") is not None:
            answer.set_header("retry-after", str(fault.get("retry_after", 1)))
        return answer

    def fail_rows(self, fault: Mapping[str, Any] | None) -> None:
        self.jobs.row_faults = fault

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        """Edit a profile as a person does; `consent` is set as the customer does on the preference page."""
        if record_id is None:
            return profiles.create(self.store, changes, operation="edit")
        record = self.store.get(collection, record_id)
        if record is None:
            raise KeyError(record_id)
        if "consent" in changes:
            wanted, moves = str(changes["consent"]), bool(changes.get("moves_stamp", True))
            return profiles.set_consent(self.store, record, wanted, operation="edit", moves=moves)
        if "lists" in changes:
            record = {**record, "attributes": {**record["attributes"], "lists": list(changes["lists"])}}
            self.store.put(collection, record, operation="edit")
            return record
        own = {name: value for name, value in changes.items() if name not in profiles.SETTABLE}
        record = {**record, "attributes": {**record["attributes"], **own}}
        known = {name: value for name, value in changes.items() if name in profiles.SETTABLE}
        return profiles.update(self.store, record, known, operation="edit")

    def delete(self, collection: str, record_id: str) -> bool:
        return self.store.remove(collection, record_id, operation="edit")

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        self.limits.share = float(limits.get("share", self.limits.share))
        self.jobs.polls = int(limits.get("job_polls", self.jobs.polls))
        return {"share": self.limits.share, "job_polls": self.jobs.polls}

    def reset(self) -> None:
        self.limits.reset()
        self.jobs.polls = 1


def _attributes(route: Route) -> dict[str, Any]:
    attributes = route.body()["data"].get("attributes")
    if not isinstance(attributes, dict):
        raise KlaviyoError("invalid", "Attributes are needed.", pointer="/data/attributes")
    return attributes
