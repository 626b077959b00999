"""The ledger: NetSuite's REST services as far as a nightly sync uses them."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs

import jwt
from fastapi import FastAPI, Request, Response
from jwt.types import Options

from sandbox.server.records import Record, encode
from sandbox.server.tokens import CLIENT_ID, Tokens
from sandbox.server.vendor import Call, Described, Page, Vendor, json_answer
from sandbox.server.wire import Answer, App
from sandbox.vendors.netsuite.errors import NetSuiteError, not_logged_in, too_many
from sandbox.vendors.netsuite.keys import CERTIFICATE_ID, private_key, public_key
from sandbox.vendors.netsuite.kinds import BY_COLLECTION, COLLECTIONS, CUSTOMER, ITEM, KINDS, ORDER, stamp
from sandbox.vendors.netsuite.records import EXTERNAL
from sandbox.vendors.netsuite.rest_api import Reply, RestApi, described, read_options
from sandbox.vendors.netsuite.suiteql import AccountSettings, SuiteQl

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 # an address
_ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_NEEDED: Options = {"require": ["iss", "scope", "aud", "iat", "exp"]}
_LIFETIME = 3600
_LONGEST_ASSERTION = 3600
_CONCURRENCY = 5
_JSON = "application/vnd.oracle.resource+json"


class NetSuite(Vendor):
    """One account in one SQLite file; its one integration logs in by a signature."""

    name = "netsuite"
    denial = (
        "status",
        {"status": 403, "code": "INSUFFICIENT_PERMISSION", "message": "You do not have permissions to do this."},
    )
    client = (CLIENT_ID, private_key())
    extra: Mapping[str, Any] = MappingProxyType(
        {"certificate_id": CERTIFICATE_ID, "time_zone": AccountSettings().time_zone}
    )

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, COLLECTIONS)
        self.settings = AccountSettings()
        self.api = RestApi(self.store, SuiteQl(data_dir / f"{self.name}.sqlite", self.settings))
        self.tokens = Tokens(self.store, prefix="eyJraWQiOiJzYW5kYm94In0.", lifetime=_LIFETIME)
        self.certificates = {CERTIFICATE_ID: public_key()}
        self.concurrency, self.work_seconds = _CONCURRENCY, 0.0
        self._running = 0

    def app(self) -> App:
        app = FastAPI(title="NetSuite sandbox", openapi_url=None)

        @app.post(TOKEN_PATH)
        async def token(request: Request) -> Response:
            return self._login(request, await request.body())

        @app.api_route("/services/rest/{path:path}", methods=["GET", "POST", "PATCH", "PUT", "DELETE"])
        async def rest(request: Request) -> Response:
            return await self._answer(await _call(request), _base(request))

        return app

    def _login(self, request: Request, body: bytes) -> Response:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        audience = f"{_base(request)}{TOKEN_PATH}"
        if form.get("grant_type") != "client_credentials" or not self._is_signed(form, audience):
            return _response(Reply(400, {"error": "invalid_request"}))
        granted = {
            "access_token": self.tokens.issue(),
            "expires_in": str(int(self.tokens.lifetime)),
            "token_type": "Bearer",
        }
        return _response(Reply(200, granted))

    def _is_signed(self, form: Mapping[str, str], audience: str) -> bool:
        assertion = form.get("client_assertion", "")
        try:
            header = jwt.get_unverified_header(assertion)
            key = self.certificates[header["kid"]]
            claims = jwt.decode(assertion, key, algorithms=_ALGORITHMS, audience=audience, options=_NEEDED)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            return False
        has_scope = "rest_webservices" in str(claims["scope"])
        return claims["iss"] == CLIENT_ID and has_scope and claims["exp"] - claims["iat"] <= _LONGEST_ASSERTION

    async def _answer(self, call: Call, base: str) -> Response:
        self._running += 1
        try:
            if self._running > self.concurrency:
                raise too_many()
            if not self.tokens.is_valid(call.headers.get("authorization", "").removeprefix("Bearer ")):
                raise not_logged_in()
            if self.work_seconds:
                await asyncio.sleep(self.work_seconds)
            return _response(self.api.answer(call, read_options(call, base)))
        except NetSuiteError as refused:
            return _response(Reply(refused.status, refused.body(), refused.headers))
        finally:
            self._running -= 1

    def field_table(self, collection: str) -> dict[str, Any]:
        """The columns of a table of SuiteQL, or the fields of a record type such as `customer record`."""
        name, _, is_record = collection.partition(" ")
        return KINDS[name.lower()].fields if is_record else self.api.query.columns[name.lower()]

    def retyped(self, definition: Any, kind: str) -> Any:
        return kind

    def fields_changed(self) -> None:
        self.api.query.remake_views()

    def describe(self, call: Call) -> Described:
        try:
            return described(call)
        except NetSuiteError:
            return Described((f"{call.method} {call.path}",))

    def page_in(self, call: Call, payload: Any) -> Page | None:
        if not isinstance(payload, dict) or not isinstance(payload.get("items"), list) or "hasMore" not in payload:
            return None
        following = next((link["href"] for link in payload["links"] if link["rel"] == "next"), None)

        def set_cursor(value: str) -> None:
            payload["hasMore"] = True
            payload["links"] = [{"rel": "next", "href": value}]

        collection = {"item": ITEM, "transaction": ORDER}.get(
            described(call).operations[0].partition(":")[2], CUSTOMER
        )
        return Page(collection.collection, "id", payload["items"], following, set_cursor)

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        refused = {"expired_token": not_logged_in, "throttle": too_many}.get(kind)
        if refused is not None:
            error = refused()
        else:
            status = int(fault.get("status", 500))
            code = str(fault.get("code", "UNEXPECTED_ERROR"))
            error = NetSuiteError(code, str(fault.get("message", "An unexpected error occurred.")), status=status)
        answer = json_answer(error.status, fault.get("body", error.body()))
        for name, value in error.headers.items():
            answer.set_header(name, value)
        if fault.get("retry_after") is not None:
            answer.set_header("retry-after", str(fault["retry_after"]))
        return answer

    def fail_rows(self, fault: Mapping[str, Any] | None) -> None:
        self.api.jobs.row_faults = fault

    def expire_token(self, call: Call) -> None:
        self.tokens.expire(call.headers.get("authorization", "").removeprefix("Bearer "))

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        kind = BY_COLLECTION[collection]
        if record_id is None:
            return self.api.records.create(kind, dict(changes), operation="edit", is_strict=True)
        record = self.store.get(collection, record_id)
        if record is None:
            raise KeyError(record_id)
        now = stamp(self.store.clock.tick(), record.get("lastModifiedDate"))
        record = {**record, **changes, "lastModifiedDate": now}
        self.store.put(collection, record, operation="edit")
        return record

    def delete(self, collection: str, record_id: str) -> bool:
        record = self.store.get(collection, record_id)
        if record is None:
            return False
        self.api.records.delete(BY_COLLECTION[collection], record, operation="edit")
        return True

    def resolve(self, collection: str, name: str) -> str:
        keys = self.store.find(collection, "externalId", name.removeprefix(EXTERNAL))
        return str(keys[0]) if name.startswith(EXTERNAL) and keys else name

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        self.concurrency = int(limits.get("concurrency", self.concurrency))
        self.work_seconds = float(limits.get("work_seconds", self.work_seconds))
        self.tokens.lifetime = float(limits.get("token_lifetime", self.tokens.lifetime))
        for name in ("time_zone", "date_format", "row_limit"):
            setattr(self.settings, name, limits.get(name, getattr(self.settings, name)))
        self.api.jobs.polls = int(limits.get("job_polls", self.api.jobs.polls))
        self.api.jobs.is_reversed = bool(limits.get("reverse_tasks", self.api.jobs.is_reversed))
        self.certificates |= dict(limits.get("certificates", {}))
        if limits.get("expire_tokens"):
            self.tokens.expire_all()
        return {"concurrency": self.concurrency, "token_lifetime": self.tokens.lifetime}

    def reset(self) -> None:
        self.concurrency, self.work_seconds, self.tokens.lifetime = _CONCURRENCY, 0.0, _LIFETIME
        fresh = AccountSettings()
        for name in ("time_zone", "date_format", "row_limit"):
            setattr(self.settings, name, getattr(fresh, name))
        self.api.jobs.polls, self.api.jobs.is_reversed = 1, False


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}"


async def _call(request: Request) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(request.method, request.url.path, request.url.query, headers, await request.body())


def _response(reply: Reply) -> Response:
    if reply.body is None:
        return Response(status_code=reply.status, headers=reply.headers)
    kind = _JSON if reply.status < 400 else "application/vnd.oracle.resource+json; type=error"
    return Response(encode(reply.body), reply.status, headers=reply.headers, media_type=kind)
