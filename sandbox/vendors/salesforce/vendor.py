"""The CRM: Salesforce's REST API as far as a nightly sync uses it."""

import base64
import binascii
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response

from sandbox.server.records import Record
from sandbox.server.tokens import Tokens, is_client
from sandbox.server.vendor import Call, Described, Page, Vendor, json_answer
from sandbox.server.wire import Answer, App
from sandbox.vendors.salesforce.bulk_api import Csv
from sandbox.vendors.salesforce.countries import use_picklists
from sandbox.vendors.salesforce.errors import SalesforceError, not_found
from sandbox.vendors.salesforce.naming import described
from sandbox.vendors.salesforce.objects import COLLECTIONS, OBJECTS, new_id, prepared, stamp
from sandbox.vendors.salesforce.rest_api import RestApi
from sandbox.vendors.salesforce.routes import route_of

_VERSIONS = range(31, 68)
_PATH = re.compile(r"/services/data/v(\d+)\.0/(.+)")
_LIFETIME = 7_200
_DAILY_CALLS = 100_000
_EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
_LIMIT = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
_WORDS = {503: "SERVER_UNAVAILABLE", 500: "UNKNOWN_EXCEPTION", 429: "REQUEST_LIMIT_EXCEEDED"}


class Salesforce(Vendor):
    """One org in one SQLite file."""

    name = "salesforce"
    denial = (
        "status",
        {"status": 403, "code": "INSUFFICIENT_ACCESS_OR_READONLY", "message": "insufficient access rights"},
    )
    ignores_trailing_slash = True

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, COLLECTIONS)
        self.api = RestApi(self.store)
        self.tokens = Tokens(self.store, prefix="00DSb0000000001!", lifetime=_LIFETIME)
        self.daily_calls = _DAILY_CALLS
        self._used = 0

    def app(self) -> App:
        app = FastAPI(title="Salesforce sandbox", openapi_url=None)

        @app.post("/services/oauth2/token")
        async def token(request: Request) -> Response:
            return self._login(request, await request.body())

        @app.get("/services/data")
        async def versions() -> Response:
            listed = [{"label": f"v{n}", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in _VERSIONS]
            return _json(200, listed)

        @app.api_route("/services/data/{path:path}", methods=["GET", "POST", "PATCH", "DELETE", "PUT"])
        async def data(request: Request) -> Response:
            return self._answer(await _call(request))

        return app

    def _login(self, request: Request, body: bytes) -> Response:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        basic = _basic(request.headers.get("authorization", ""))
        client_id, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        if form.get("grant_type") != "client_credentials":
            return _json(400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"})
        if not is_client(client_id, secret):
            return _json(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        base = f"{request.url.scheme}://{request.headers['host']}"
        granted = {
            "access_token": self.tokens.issue(),
            "instance_url": base,
            "id": f"{base}/id/00DSb0000000001/005Sb0000000001",
            "token_type": "Bearer",
            "issued_at": str(int(time.time() * 1000)),
            "signature": "sandbox",
            "scope": "api",
        }
        return _json(200, granted)

    def _answer(self, call: Call) -> Response:
        try:
            status, body = self._routed(call)
        except SalesforceError as refused:
            status, body = refused.status, refused.body()
        response = _response(status, body)
        response.headers["sforce-limit-info"] = f"api-usage={self._used}/{self.daily_calls}"
        return response

    def _routed(self, call: Call) -> tuple[int, Any]:
        version, rest = _split(call.path)
        if not self.tokens.is_valid(_bearer(call)):
            return 401, _EXPIRED
        if self._used >= self.daily_calls:
            return 403, _LIMIT
        self._used += 1
        route = route_of(call, rest, f"v{version}.0")
        if route is None:
            raise not_found()
        if route.name == "limits":
            left = self.daily_calls - self._used
            return 200, {"DailyApiRequests": {"Max": self.daily_calls, "Remaining": left}}
        return self.api.answer(route)

    def field_table(self, collection: str) -> dict[str, Any]:
        return OBJECTS[collection.lower()].fields

    def describe(self, call: Call) -> Described:
        """`query:Account`, `update:Contact`, `collection_upsert:Account` and the like."""
        match = _PATH.fullmatch(call.path)
        route = route_of(call, match[2], f"v{match[1]}.0") if match else None
        if route is None:
            return Described((f"{call.method} {call.path}",))
        try:
            return described(self.store, route)
        except (SalesforceError, KeyError, TypeError, AttributeError):
            return Described((route.name,))

    def page_in(self, call: Call, payload: Any) -> Page | None:
        if not isinstance(payload, dict) or not isinstance(payload.get("records"), list):
            return None
        records = payload["records"]
        kind = records[0]["attributes"]["type"] if records else "Account"

        def set_cursor(value: str) -> None:
            payload.update(done=False, nextRecordsUrl=value)

        return Page(kind, "Id", records, payload.get("nextRecordsUrl"), set_cursor)

    def results_in(self, payload: Any) -> list[Any] | None:
        return payload if isinstance(payload, list) and payload and "success" in payload[0] else None

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        if kind == "expired_token":
            return json_answer(401, _EXPIRED)
        if kind == "throttle":
            return json_answer(403, _LIMIT)
        status = int(fault.get("status", 200 if kind == "errors" else 500))
        error = {
            "message": fault.get("message", "An unexpected error occurred."),
            "errorCode": fault.get("code", _WORDS.get(status, "UNKNOWN_EXCEPTION")),
        }
        answer = json_answer(status, fault.get("body", [error]))
        if fault.get("retry_after") is not None:
            answer.set_header("retry-after", str(fault["retry_after"]))
        return answer

    def fail_rows(self, fault: Mapping[str, Any] | None) -> None:
        self.api.collections.row_faults = fault

    def expire_token(self, call: Call) -> None:
        self.tokens.expire(_bearer(call))

    def set_served_version(self, answer: Answer, version: str) -> None:
        """State another API version, in the addresses inside the body."""
        answer.with_body(re.sub(rb"/services/data/v\d+\.0/", f"/services/data/{version}/".encode(), answer.body))

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        now = stamp(self.store.clock.tick())
        sobject = OBJECTS[collection.lower()]
        if record_id is None:
            number = int(self.store.noted("sequence", collection) or 0) + 1
            self.store.note("sequence", collection, number)
            empty = {item.name: None for item in sobject.own_fields}
            record: Record = {**empty, "Id": new_id(sobject, number), "CreatedDate": now, "IsDeleted": False}
        else:
            record = self.store.get(collection, record_id) or {}
            if not record:
                raise KeyError(record_id)
        record = {**record, **changes, "SystemModstamp": now}
        self.store.put(collection, record, operation="edit")
        return record

    def delete(self, collection: str, record_id: str) -> bool:
        record = self.store.get(collection, record_id)
        if record is None:
            return False
        if record.get("IsDeleted"):  # deleted once more, it leaves the recycle bin
            return self.store.remove(collection, record_id, operation="edit")
        self.edit(collection, record_id, {"IsDeleted": True})
        return True

    def resolve(self, collection: str, name: str) -> str:
        field, _, value = name.partition("=")
        keys = self.store.find(collection, field, value) if value else []
        return str(keys[0]) if keys else name

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        self.daily_calls = int(limits.get("daily_calls", self.daily_calls))
        self.api.largest_batch = int(limits.get("batch_size", self.api.largest_batch))
        self.tokens.lifetime = float(limits.get("token_lifetime", self.tokens.lifetime))
        jobs = self.api.bulk.jobs
        jobs.limits |= {name: limits[f"bulk_{name}"] for name in jobs.limits if f"bulk_{name}" in limits}
        if limits.get("expire_tokens"):
            self.tokens.expire_all()
        if "country_picklists" in limits:
            use_picklists(self.store, is_on=bool(limits["country_picklists"]))
        return {
            "daily_calls": self.daily_calls,
            "used_calls": self._used,
            "batch_size": self.api.largest_batch,
            "token_lifetime": self.tokens.lifetime,
            **{f"bulk_{name}": value for name, value in jobs.limits.items()},
        }

    def reset(self) -> None:
        self.daily_calls, self._used = _DAILY_CALLS, 0
        self.api.largest_batch = 2000
        self.api.bulk.jobs.clear()
        use_picklists(self.store, is_on=False)
        self.tokens.lifetime = _LIFETIME

    def prepare(self, collection: str, record: Record) -> Record:
        return prepared(record)


def _split(path: str) -> tuple[int, str]:
    match = _PATH.fullmatch(path)
    if match is None:
        raise not_found()
    if int(match[1]) not in _VERSIONS:
        raise SalesforceError("UNSUPPORTED_API_VERSION", f"API version {match[1]}.0 is not supported", status=410)
    return int(match[1]), match[2]


def _bearer(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else ""


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(coded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return client_id, secret


async def _call(request: Request) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(request.method, request.url.path, request.url.query, headers, await request.body())


def _response(status: int, body: object) -> Response:
    if body is None:
        return Response(status_code=status)
    if isinstance(body, Csv):
        return Response(body.content, status, dict(body.headers), media_type="text/csv; charset=UTF-8")
    return _json(status, body)


def _json(status: int, body: object) -> Response:
    answer = json_answer(status, body)
    return Response(answer.body, status, media_type="application/json; charset=UTF-8")
