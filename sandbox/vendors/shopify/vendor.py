"""The shop: Shopify's Admin API as far as a nightly sync uses it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from graphql import GraphQLField

from sandbox.server.records import Record, decode
from sandbox.server.tokens import Tokens, is_client
from sandbox.server.vendor import Call, Described, Page, Vendor, json_answer
from sandbox.server.wire import Answer, App
from sandbox.vendors.shopify import scopes
from sandbox.vendors.shopify.bulk import Bulk
from sandbox.vendors.shopify.collections import COLLECTIONS, TYPE_OF, gid, prepared, stamp
from sandbox.vendors.shopify.cost import Costs
from sandbox.vendors.shopify.documents import SCHEMA, DocumentError, fields_of_type, read
from sandbox.vendors.shopify.graphql_api import Request as GraphqlRequest
from sandbox.vendors.shopify.graphql_api import execute, mutations_in, names_in, roots_by_key, throttled
from sandbox.vendors.shopify.rest_api import add_rest
from sandbox.vendors.shopify.roots import CONNECTIONS
from sandbox.vendors.shopify.targets import targets_of

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
_VERSION = re.compile(r"/admin/api/([^/]+)/")
_LIFETIME = 86_399
_BAD_TOKEN = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


def served_version(asked: str) -> str | None:
    """The served version: for a retired one the oldest supported one, None for one that never existed."""
    if asked == "unstable" or asked in VERSIONS:
        return asked
    return VERSIONS[0] if re.fullmatch(r"20\d\d-(01|04|07|10)", asked) and asked < VERSIONS[0] else None


class Shopify(Vendor):
    """One shop in one SQLite file."""

    name = "shopify"
    extra: Mapping[str, Any] = {"file_hosts": "localhost"}
    denial = ("errors", {"code": "ACCESS_DENIED", "message": "Access denied for this field."})

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, COLLECTIONS)
        self.costs = Costs()
        self.bulk = Bulk(self.store, data_dir / "shopify-bulk")
        self.tokens = Tokens(self.store, prefix="shpat_", lifetime=_LIFETIME)

    def app(self) -> App:
        app = FastAPI(title="Shopify sandbox", openapi_url=None)

        @app.post("/admin/oauth/access_token")
        async def access_token(request: Request) -> Response:
            return self._login(await _form(request))

        @app.post("/admin/api/{version}/graphql.json")
        async def graphql(version: str, request: Request) -> Response:
            self.bulk.host = request.headers.get("host", "")
            return self._graphql(version, request.headers.get("x-shopify-access-token"), await request.body())

        @app.get("/bulk-results/{number}.jsonl")
        async def bulk_result(number: int, request: Request) -> Response:
            return self._bulk_result(number, request.headers)

        add_rest(app, self.store, self.tokens, served_version)
        return app

    def _login(self, form: Mapping[str, str]) -> Response:
        if not is_client(form.get("client_id", ""), form.get("client_secret", "")):
            return _json(400, {"error": "invalid_client", "error_description": "Client authentication failed"})
        if form.get("grant_type") != "client_credentials":
            return _json(400, {"error": "unsupported_grant_type"})
        token, scope = self.tokens.issue(), ",".join(scopes.granted(self.store))
        return _json(200, {"access_token": token, "scope": scope, "expires_in": int(self.tokens.lifetime)})

    def _graphql(self, version: str, token: str | None, body: bytes) -> Response:
        served = served_version(version)
        if served is None:
            return _json(404, {"errors": "Not Found"})
        if not self.tokens.is_valid(token):
            return _json(401, _BAD_TOKEN)
        request = _graphql_request(body, served, token or "")
        if request is None:
            return _json(400, {"errors": {"query": "Required parameter missing or invalid"}})
        response = _json(200, execute(self.store, self.costs, replace(request, bulk=self.bulk)))
        response.headers["x-shopify-api-version"] = served
        return response

    def _bulk_result(self, number: int, headers: Mapping[str, str]) -> Response:
        """A result file, which lies with a storage company: a call with the shop's credentials is refused."""
        if "x-shopify-access-token" in headers or "authorization" in headers:
            return _json(400, {"error": "credentials sent to a foreign host"})
        file = self.bulk.file(number)
        if file is None:
            return _json(404, {"error": "NoSuchKey"})
        return Response(file.read_bytes(), media_type="application/jsonl")

    def field_table(self, collection: str) -> dict[str, Any]:
        return fields_of_type(TYPE_OF[collection])

    def retyped(self, definition: Any, kind: str) -> Any:
        return GraphQLField(SCHEMA.type_map[kind])

    def describe(self, call: Call) -> Described:
        """GraphQL calls by their root fields, others by method and path."""
        if not call.path.endswith("/graphql.json"):
            return Described((f"{call.method} {_VERSION.sub('/', call.path)}",))
        request = _graphql_request(call.body, VERSIONS[-1], "")
        if request is None:
            return Described(("unreadable",))
        try:
            names = names_in(read(request.query), request.operation_name)
            targets = [
                target for name, given in mutations_in(self.store, request) for target in targets_of(name, given)
            ]
        except DocumentError:
            return Described(("invalid",))
        return Described(tuple(names), tuple(targets))

    def page_in(self, call: Call, payload: Any) -> Page | None:
        data = payload.get("data") if isinstance(payload, dict) else None
        request = _graphql_request(call.body, VERSIONS[-1], "")
        if not data or request is None:
            return None
        roots = roots_by_key(read(request.query), request.operation_name)
        for key, connection in data.items():
            root = roots.get(key, "")
            if not isinstance(connection, dict) or root not in CONNECTIONS:
                continue
            records = connection["nodes"] if "nodes" in connection else connection.get("edges")
            if records is None:
                continue
            info = connection.get("pageInfo") or {}
            cursor = info.get("endCursor") if info.get("hasNextPage") else None

            def set_cursor(value: str, info: dict[str, Any] = info) -> None:
                info.update(hasNextPage=True, endCursor=value)

            unwrap = (lambda record: record) if "nodes" in connection else (lambda edge: edge["node"])
            return Page(CONNECTIONS[root], "id", records, cursor, set_cursor, unwrap)
        return None

    def results_in(self, payload: Any) -> list[Any] | None:
        for result in ((payload or {}).get("data") or {}).values():
            variants = result.get("productVariants") if isinstance(result, dict) else None
            if isinstance(variants, list):
                return variants
        return None

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        if kind == "throttle":
            return json_answer(200, throttled(self.costs, "throttled", int(fault.get("requested", 502))))
        if kind == "expired_token":
            return json_answer(401, _BAD_TOKEN)
        if kind == "errors":
            error = {
                "message": fault.get("message", "Internal error. Looks like something went wrong on our end.")
            }
            error["extensions"] = {"code": fault.get("code", "INTERNAL_SERVER_ERROR")}
            return json_answer(200, {"errors": [error], "data": fault.get("data")})
        status = int(fault.get("status", 500))
        words = fault.get("message", _WORDS.get(status, "Internal Server Error"))
        answer = json_answer(status, fault.get("body", {"errors": words}))
        if fault.get("retry_after") is not None:
            answer.set_header("retry-after", str(fault["retry_after"]))
        return answer

    def expire_token(self, call: Call) -> None:
        self.tokens.expire(call.headers.get("x-shopify-access-token"))

    def set_served_version(self, answer: Answer, version: str) -> None:
        answer.set_header("x-shopify-api-version", version)

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        now = self.store.clock.tick()
        if record_id is None:
            number = int(self.store.largest_key(collection) or 0) + 1
            record: Record = {"id": gid(TYPE_OF[collection], number), "createdAt": stamp(now)}
        else:
            record = self.store.get(collection, record_id) or {}
            if not record:
                raise KeyError(record_id)
        record = prepared(collection, {**record, **_nested(record, changes), "updatedAt": stamp(now)})
        self.store.put(collection, record, operation="edit")
        return record

    def delete(self, collection: str, record_id: str) -> bool:
        """Delete a record; a product leaves a deletion event, as in the real shop."""
        with self.store.transaction():
            removed = self.store.remove(collection, record_id, operation="delete")
            if removed and collection == "products":
                now = self.store.clock.tick()
                event = {"id": gid("DeletionEvent", now), "occurredAt": stamp(now), "updatedAt": stamp(now)}
                event |= {"subjectId": record_id, "subjectType": "PRODUCT"}
                self.store.put("deletion_events", event, operation="delete")
        return removed

    def resolve(self, collection: str, name: str) -> str:
        field, _, value = name.partition("=")
        keys = self.store.find(collection, field, value) if value else []
        return gid(TYPE_OF[collection], int(keys[0])) if keys else name

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        self.costs.change(dict(limits))
        self.bulk.change(limits)
        self.tokens.lifetime = float(limits.get("token_lifetime", self.tokens.lifetime))
        if limits.get("expire_tokens"):
            self.tokens.expire_all()
        return {
            "bucket": self.costs.size,
            "restore_rate": self.costs.restore_rate,
            "largest_query": self.costs.largest_query,
            "token_lifetime": self.tokens.lifetime,
        }

    def reset(self) -> None:
        self.costs.reset()
        self.bulk.reset()
        self.tokens.lifetime = _LIFETIME
        scopes.restore(self.store)

    def grant(self, names: Iterable[str]) -> None:
        scopes.grant(self.store, names)

    def prepare(self, collection: str, record: Record) -> Record:
        return prepared(collection, record)


_WORDS = {429: "Exceeded 40 calls per second for api client. Reduce request rates to resume service."}


def _nested(record: Record, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Nested changes from dotted names; the other fields of the objects on the way stay."""
    changed: dict[str, Any] = {}
    for name, value in changes.items():
        first, _, rest = name.partition(".")
        if rest:
            inside = changed.get(first, record.get(first)) or {}
            changed[first] = {**inside, **_nested(inside, {rest: value})}
        else:
            changed[first] = value
    return changed


def _graphql_request(body: bytes, version: str, token: str) -> GraphqlRequest | None:
    try:
        given = decode(body)
    except ValueError:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        return None
    variables = given.get("variables")
    variables = decode(variables) if isinstance(variables, str) and variables else variables
    return GraphqlRequest(given["query"], variables or {}, given.get("operationName") or None, version, token)


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    if "json" in request.headers.get("content-type", ""):
        return {name: str(value) for name, value in decode(body).items()}
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def _json(status: int, body: object) -> Response:
    answer = json_answer(status, body)
    return Response(answer.body, status, media_type="application/json; charset=utf-8")
