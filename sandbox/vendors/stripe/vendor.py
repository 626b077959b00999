"""The payment provider: Stripe's API as far as a nightly sync uses it."""

import base64
import binascii
import hashlib
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

from sandbox.server.records import Record
from sandbox.server.vendor import Call, Described, Page, Vendor, json_answer
from sandbox.server.wire import Answer, App
from sandbox.vendors.stripe.errors import StripeError, missing
from sandbox.vendors.stripe.forms import read_form
from sandbox.vendors.stripe.lists import expanded, list_page
from sandbox.vendors.stripe.objects import COLLECTIONS, KINDS, Kind, shown
from sandbox.vendors.stripe.world_objects import API_VERSION
from sandbox.vendors.stripe.writes import Writer

KEY = "rk_test_sandbox"
_EVENT_DAYS = 30.0
_PER_SECOND = 25.0
_REPLAYS = "idempotency"
_LOCKED = (
    "This object cannot be accessed right now because another API request or Stripe process is currently "
    "accessing it."
)
_CODES = {409: "idempotency_key_in_use", 429: "rate_limit"}


class Stripe(Vendor):
    """One account in one SQLite file; its key neither expires nor changes."""

    name = "stripe"
    denial = (
        "status",
        {"status": 403, "message": "The provided key does not have the required permissions for this endpoint."},
    )
    client = ("", KEY)

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, COLLECTIONS)
        self.writer = Writer(self.store)
        self.reset()

    def reset(self) -> None:
        self.event_days, self.per_second = _EVENT_DAYS, _PER_SECOND
        self.locks: dict[str, int] = {}
        self._buckets: dict[str, tuple[float, float]] = {}

    def app(self) -> App:
        app = FastAPI(title="Stripe sandbox", openapi_url=None)

        @app.api_route("/v1/{path:path}", methods=["GET", "POST", "DELETE"])
        async def data(request: Request) -> Response:
            return self._answer(await _call(request))

        return app

    def _answer(self, call: Call) -> Response:
        headers = {"request-id": f"req_{secrets.token_hex(7)}"}
        headers["stripe-version"] = call.headers.get("stripe-version") or API_VERSION
        try:
            status, body = self._carry_out(call, headers)
        except StripeError as refused:
            status, body = refused.status, refused.body()
            if refused.code == "rate_limit":
                headers["stripe-rate-limited-reason"] = "endpoint-rate"
            if refused.code == "lock_timeout":
                headers["stripe-should-retry"] = "true"
        answer = json_answer(status, body)
        return Response(answer.body, status, headers=headers, media_type="application/json")

    def _carry_out(self, call: Call, headers: dict[str, str]) -> tuple[int, Any]:
        if _key_of(call) != KEY:
            raise StripeError("Invalid API Key provided: rk_test_********", status=401)
        self._take_token(call.path.split("/")[2])
        name = call.headers.get("idempotency-key", "")
        if call.method != "POST" or not name:
            return 200, self._routed(call)
        asked = hashlib.sha256(f"{call.path}?{call.body!r}".encode()).hexdigest()
        done = self.store.noted(_REPLAYS, name)
        if done is not None and done["asked"] != asked:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
            )
            raise StripeError(message, kind="idempotency_error")
        if done is not None:
            headers["idempotent-replayed"] = "true"
            return 200, done["body"]
        with self.store.transaction():
            body = self._routed(call)
            self.store.note(_REPLAYS, name, {"asked": asked, "body": body})
        return 200, body

    def _take_token(self, endpoint: str) -> None:
        """Count a call of the endpoint; raises a 429 above the limit per second, which 0 lifts."""
        now = time.monotonic()
        left, at = self._buckets.get(endpoint, (self.per_second, now))
        left = min(self.per_second, left + (now - at) * self.per_second)
        if self.per_second and left < 1:
            raise StripeError("Too many requests hit the API too quickly.", status=429, code="rate_limit")
        self._buckets[endpoint] = left - 1, now

    def _routed(self, call: Call) -> Any:
        kind, key = _place(call)
        query = read_form(call.query if call.method == "GET" else call.body.decode())
        if call.method == "GET" and not key:
            return list_page(self.store, kind, query, self.event_days)
        if call.method == "GET":
            found = self.store.get(kind.collection, key)
            if found is None:
                raise missing(kind.object, key)
            return expanded(self.store, shown(kind, found), query.get("expand", ()))
        return shown(kind, self._written(call, kind, key, query))

    def _written(self, call: Call, kind: Kind, key: str, form: dict[str, Any]) -> Record:
        if self.locks.get(key, 0) > 0:
            self.locks[key] -= 1
            raise StripeError(_LOCKED, status=429, code="lock_timeout")
        match call.method, kind.collection:
            case "POST", "customers" if not key:
                return self.writer.create_customer(form)
            case "POST", "refunds" if not key:
                return self.writer.refund(form)
            case "POST", "customers" | "charges" | "refunds" | "payouts" if key:
                return self.writer.update(kind, key, form)
            case "DELETE", "customers" if key:
                return self.writer.delete_customer(key)
        raise StripeError(f"Unrecognized request URL ({call.method}: {call.path}).", status=404)

    def describe(self, call: Call) -> Described:
        """`customers.list`, `charges.get`, `customers.update` and the like."""
        try:
            kind, key = _place(call)
        except StripeError:
            return Described((f"{call.method} {call.path}",))
        words = {"GET": "get" if key else "list", "POST": "update" if key else "create", "DELETE": "delete"}
        targets = ((kind.collection, key),) if key and call.method != "GET" else ()
        return Described((f"{kind.collection}.{words.get(call.method, call.method)}",), targets)

    def page_in(self, call: Call, payload: Any) -> Page | None:
        if not isinstance(payload, dict) or payload.get("object") != "list":
            return None
        records = payload["data"]

        def set_cursor(value: str) -> None:
            payload["has_more"] = True
            records[-1]["id"] = value

        cursor = str(records[-1]["id"]) if payload["has_more"] else None
        return Page(payload["url"].removeprefix("/v1/"), "id", records, cursor, set_cursor)

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        if kind == "expired_token":
            return json_answer(401, StripeError("Expired API Key provided: rk_test_********").body())
        status = 429 if kind == "throttle" else int(fault.get("status", 200 if kind == "errors" else 500))
        error = StripeError(
            str(fault.get("message", "An unexpected error occurred.")),
            code=str(fault.get("code", _CODES.get(status, ""))),
            kind="api_error" if status >= 500 else "invalid_request_error",
        )
        answer = json_answer(status, fault.get("body", error.body()))
        for header in ("retry-after", "stripe-should-retry"):
            if fault.get(header.replace("-", "_")) is not None:
                answer.set_header(header, str(fault[header.replace("-", "_")]))
        return answer

    def set_served_version(self, answer: Answer, version: str) -> None:
        answer.set_header("stripe-version", version)

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        kind = KINDS[collection]
        if record_id is None:
            form = {name: value for name, value in changes.items() if value is not None}
            return self.writer.create_customer(form)
        before = self.store.get(collection, record_id)
        if before is None:
            raise KeyError(record_id)
        return self.writer.put(kind, {**before, **changes}, before, operation="edit")

    def delete(self, collection: str, record_id: str) -> bool:
        if collection != "customers" or (self.store.get(collection, record_id) or {"deleted": True}).get(
            "deleted"
        ):
            return False
        self.writer.delete_customer(record_id)
        return True

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        """`event_days`: age of the oldest event; `per_second`: calls; `locks`: how many writes meet a lock."""
        self.event_days = float(limits.get("event_days", self.event_days))
        if "per_second" in limits:
            self.per_second, self._buckets = float(limits["per_second"]), {}
        self.locks |= limits.get("locks", {})
        return {"event_days": self.event_days, "per_second": self.per_second, "locks": self.locks}


def _place(call: Call) -> tuple[Kind, str]:
    """The kind and id that a path names."""
    _, _, rest = call.path.partition("/v1/")
    collection, _, key = rest.partition("/")
    kind = KINDS.get(collection)
    if kind is None or "/" in key:
        raise StripeError(f"Unrecognized request URL ({call.method}: {call.path}).", status=404)
    return kind, key


def _key_of(call: Call) -> str:
    """The API key, given as a bearer token or as the user of a basic login."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return token.strip()
    try:
        return base64.b64decode(token).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def _call(request: Request) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(request.method, request.url.path, request.url.query, headers, await request.body())
