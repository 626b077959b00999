"""The group's ERP: SAP S/4HANA's OData services behind a communication user, with tokens, cookies and ETags."""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

from sandbox.server.clock import to_micros
from sandbox.server.records import Collection, Record, encode
from sandbox.server.tokens import is_client
from sandbox.server.vendor import Call, Described, Page, Vendor, json_answer
from sandbox.server.wire import Answer, App
from sandbox.vendors.odata.batch import answer_batch, lines_of
from sandbox.vendors.odata.errors import ODataError
from sandbox.vendors.odata.model import ID, STAMP, EntityType
from sandbox.vendors.odata.service import Asked, Service, ServiceResponse
from sandbox.vendors.sap.entities import ADDRESS, ENTITIES, ORDER, PARTNER, PRODUCT, STOCK, VALIDITY
from sandbox.vendors.sap.rules import Orders, Partners, locked

PAGE_SIZE = 1000
_V2, _V4 = "/sap/opu/odata/sap", "/sap/opu/odata4/sap"
_COOKIE = "SAP_SESSIONID_S4H_100"
_TOKEN = "x-csrf-token"  # noqa: S105 - the name of a header
_UNAUTHORISED = (
    b"<html><head><title>Logon Error Message</title></head><body><h1>Anmeldung fehlgeschlagen</h1></body></html>"
)
_READS = frozenset({"GET", "HEAD"})


def _collection(entity: EntityType) -> Collection:
    return Collection(entity.set_name, ID, STAMP, str, lambda record: to_micros(record[STAMP]))


class Sap(Vendor):
    """One client of one system in one SQLite file."""

    name = "sap"

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, [_collection(entity) for entity in ENTITIES.values()])
        self.services: dict[str, Service] = {
            f"{_V2}/API_BUSINESS_PARTNER": Partners("API_BUSINESS_PARTNER", 2, self.store, (PARTNER, ADDRESS)),
            f"{_V2}/API_SALES_ORDER_SRV": Orders("API_SALES_ORDER_SRV", 2, self.store, (ORDER,)),
            f"{_V2}/API_SLSPRICINGCONDITIONRECORD_SRV": Service(
                "API_SLSPRICINGCONDITIONRECORD_SRV", 2, self.store, (VALIDITY,)
            ),
            f"{_V2}/API_MATERIAL_STOCK_SRV": Service("API_MATERIAL_STOCK_SRV", 2, self.store, (STOCK,)),
            f"{_V4}/api_product/srvd_a2x/sap/product/0002": Service("Product", 4, self.store, (PRODUCT,)),
        }
        self._sessions: dict[str, str] = {}
        self._locked, self._locked_status = 0, 400
        self._ignores_preferences = False

    def app(self) -> App:
        app = FastAPI(title="SAP sandbox", openapi_url=None)

        @app.api_route("/sap/{path:path}", methods=["GET", "HEAD", "POST", "PATCH", "MERGE", "PUT", "DELETE"])
        async def data(request: Request) -> Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            call = Call(request.method, request.url.path, request.url.query, headers, await request.body())
            return self._answer(call, f"{request.url.scheme}://{request.headers['host']}")

        return app

    def _answer(self, call: Call, root: str) -> Response:
        if not _is_known(call.headers.get("authorization", "")):
            return Response(_UNAUTHORISED, 401, {"www-authenticate": "Basic"}, "text/html; charset=utf-8")
        found = self._service_at(call.path)
        if found is None:
            return Response(_UNAUTHORISED.replace(b"Logon Error", b"Not Found"), 404, media_type="text/html")
        path, service = found
        try:
            cookies = self._check_token(call)
        except ODataError as refused:
            return Response(refused.message, 403, {_TOKEN: "Required"}, "text/plain")
        method = "GET" if call.method == "HEAD" else call.method
        rest = call.path.removeprefix(path).lstrip("/")
        asked = Asked(method, rest, call.query, call.headers, call.body, f"{root}{path}")
        response = self._carry_out(service, asked)
        response.headers.update(cookies)
        return response

    def _service_at(self, path: str) -> tuple[str, Service] | None:
        return next(((own, service) for own, service in self.services.items() if path.startswith(own)), None)

    def _check_token(self, call: Call) -> dict[str, str]:
        """The headers with a token where one is fetched; a write without the token of its cookie is refused."""
        session = _cookie_of(call)
        if call.method in _READS:
            if call.headers.get(_TOKEN, "").lower() != "fetch":
                return {}
            if session not in self._sessions:
                session = secrets.token_urlsafe(18)
                self._sessions[session] = secrets.token_urlsafe(16) + "=="
            return {_TOKEN: self._sessions[session], "set-cookie": f"{_COOKIE}={session}; path=/; HttpOnly"}
        token = self._sessions.get(session)
        if token is None or token != call.headers.get(_TOKEN):
            raise ODataError(403, "/IWFND/CM_MGW/403", "CSRF token validation failed")
        return {}

    def _carry_out(self, service: Service, asked: Asked) -> Response:
        try:
            if asked.path == "$batch":
                if self._ignores_preferences:
                    asked.headers.pop("prefer", None)
                kind, body = answer_batch(service, asked, self._refuse_if_locked)
                return Response(body, 200 if service.version == 4 else 202, media_type=kind)
            if asked.method not in _READS:
                self._refuse_if_locked(asked)
            with self.store.transaction():
                given = service.answer(asked)
        except ODataError as refused:
            given = ServiceResponse(refused.status, refused.body(service.version, service.name))
        return _response(service, given)

    def _refuse_if_locked(self, asked: Asked) -> None:
        if self._locked and asked.method not in _READS:
            self._locked -= 1
            raise locked(asked.path.partition("(")[0], self._locked_status)

    def field_table(self, collection: str) -> dict[str, Any]:
        return ENTITIES[collection].properties

    def describe(self, call: Call) -> Described:
        """`read:A_SalesOrder`, `update:A_BusinessPartner`, `create:A_SalesOrder`, `batch`, `token`."""
        found = self._service_at(call.path)
        rest = call.path.removeprefix(found[0]).lstrip("/") if found else ""
        if rest == "":
            return Described(("token" if call.headers.get(_TOKEN) else "document",))
        if rest != "$batch":
            return Described((_operation(call.method, rest),))
        named = lines_of(call.body)
        return Described(("batch", *(_operation(method, path) for method, path in named)))

    def page_in(self, call: Call, payload: Any) -> Page | None:
        inner = payload.get("d", payload) if isinstance(payload, dict) else None
        if not isinstance(inner, dict):
            return None
        is_v4 = "value" in inner
        records = inner.get("value" if is_v4 else "results")
        name = call.path.rpartition("/")[2].partition("(")[0]
        if not isinstance(records, list) or name not in ENTITIES:
            return None
        link = "@odata.nextLink" if is_v4 else "__next"

        def set_cursor(value: str) -> None:
            inner[link] = value

        return Page(name, ENTITIES[name].keys[0], records, inner.get(link), set_cursor)

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        if kind == "expired_token":
            return Answer(403, [(_TOKEN.encode(), b"Required")], b"CSRF token validation failed")
        status = int(fault.get("status", 429 if kind == "throttle" else 500))
        code = str(fault.get("code", f"/IWFND/CM_MGW/{status}"))
        refused = ODataError(status, code, str(fault.get("message", "The system is busy")))
        answer = json_answer(status, refused.body(2, self.name))
        wait = fault.get("retry_after", 0 if kind == "throttle" else None)
        if wait is not None:
            answer.set_header("retry-after", str(wait))
        return answer

    def fail_rows(self, fault: Mapping[str, Any] | None) -> None:
        """Let the first records of a batch be locked by another user, or refused with another status.

        With `ignores_preferences` a batch ends at the first refusal, whatever the client prefers.
        """
        self._locked = int(fault.get("count", 1)) if fault else 0
        self._locked_status = int(fault.get("status", 400)) if fault else 400
        self._ignores_preferences = bool(fault and fault.get("ignores_preferences"))

    def expire_token(self, call: Call) -> None:
        self._sessions.pop(_cookie_of(call), None)

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        service = next(item for item in self.services.values() if collection in item.sets)
        entity = service.sets[collection]
        record = self.store.get(collection, record_id) if record_id is not None else {}
        if record is None:
            raise KeyError(record_id)
        record = entity.complete({**record, **changes})
        service.save(entity, record, operation="edit")
        return record

    def delete(self, collection: str, record_id: str) -> bool:
        """Mark master data for deletion; delete other records."""
        entity = ENTITIES[collection]
        if not entity.flag:
            return self.store.remove(collection, record_id, operation="delete")
        if self.store.get(collection, record_id) is None:
            return False
        self.edit(collection, record_id, {entity.flag: True})
        return True

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        size = int(limits.get("page_size", self._page_size()))
        nested = int(limits.get("nested_size", next(iter(self.services.values())).nested_size))
        for service in self.services.values():
            service.page_size, service.nested_size = size, nested
            service.link_base = str(limits.get("link_base", service.link_base))
        if limits.get("expire_tokens"):
            self._sessions.clear()
        return {"page_size": size, "sessions": len(self._sessions)}

    def _page_size(self) -> int:
        return next(iter(self.services.values())).page_size

    def reset(self) -> None:
        self.set_limits({"page_size": PAGE_SIZE, "nested_size": 10**9, "link_base": ""})

    def prepare(self, collection: str, record: Record) -> Record:
        return ENTITIES[collection].complete(record)


def _operation(method: str, path: str) -> str:
    words = {"GET": "read", "POST": "create", "PATCH": "update", "MERGE": "update", "PUT": "update"}
    name = re.split(r"[(?]", path.rpartition("/")[2] if "(" not in path else path)[0]
    return f"{words.get(method, method.lower())}:{name}"


def _cookie_of(call: Call) -> str:
    try:
        cookies = SimpleCookie(call.headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[_COOKIE].value if _COOKIE in cookies else ""


def _is_known(header: str) -> bool:
    scheme, _, coded = header.partition(" ")
    try:
        user, _, password = base64.b64decode(coded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and is_client(user, password)


def _response(service: Service, given: ServiceResponse) -> Response:
    version = {"odata-version": "4.0"} if service.version == 4 else {"dataserviceversion": "2.0"}
    headers = {**given.headers, **version}
    if given.text is not None:
        return Response(given.text, given.status, headers)
    if given.body is None:
        return Response(status_code=given.status, headers=headers)
    return Response(encode(given.body), given.status, headers, "application/json")
