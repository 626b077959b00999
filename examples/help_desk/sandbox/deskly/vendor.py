"""The help desk: Deskly's lists of requesters and tickets, and both written one by one."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from fastapi import FastAPI, Request, Response

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.queries import Order, Where
from sandbox.server.records import Collection, Record, decode, encode
from sandbox.server.vendor import Call, Described, Page, Vendor, json_answer
from sandbox.server.wire import Answer, App

_TOKEN = "deskly_sandbox_71c4"  # noqa: S105 - the sandbox guards nothing
_PATH = re.compile(r"/api/v1/(requesters|tickets)(?:/([^/]+))?")
_LARGEST_PAGE = 100
_WRITABLE = {
    "requesters": frozenset({"name", "email", "phone"}),
    "tickets": frozenset({"requester_id", "external_id", "subject", "state", "priority"}),
}
_LONGEST = 100


def _collection(name: str, **lookups: Any) -> Collection:
    return Collection(name, "id", "changed", int, lambda record: to_micros(record["changed"]), lookups)


COLLECTIONS = (
    _collection("requesters"),
    _collection("tickets", external_id=lambda record: record.get("external_id")),
)


class DesklyError(Exception):
    """A refusal with its status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def body(self) -> Record:
        """As the vendor words it."""
        return {"error": {"message": str(self)}}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes."""

    kind: str
    id: str


def place_of(call: Call) -> Place | None:
    """The collection and the id in the path."""
    match = _PATH.fullmatch(call.path)
    return Place(match[1], unquote(match[2] or "")) if match else None


def _etag(record: Record) -> str:
    return f'"{hashlib.sha256(encode(record)).hexdigest()[:16]}"'


class Deskly(Vendor):
    """One account in one SQLite file; its token neither ends nor changes."""

    name = "deskly"
    client = ("", _TOKEN)

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, COLLECTIONS)

    def app(self) -> App:
        app = FastAPI(title="Deskly sandbox", openapi_url=None)

        @app.api_route("/api/v1/{path:path}", methods=["GET", "POST", "PATCH"])
        async def api(request: Request) -> Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            url, body = request.url, await request.body()
            return self._answer(Call(request.method, url.path, url.query, headers, body))

        return app

    def _answer(self, call: Call) -> Response:
        headers: dict[str, str] = {}
        try:
            status, body = self._carry_out(call, headers)
        except DesklyError as refused:
            status, body = refused.status, refused.body()
        return Response(encode(body), status, headers=headers, media_type="application/json")

    def _carry_out(self, call: Call, headers: dict[str, str]) -> tuple[int, Record]:
        if call.headers.get("authorization") != f"Bearer {_TOKEN}":
            raise DesklyError(401, "The token is unknown.")
        place = place_of(call)
        match call.method, place:
            case "GET", Place(kind, ""):
                return 200, self._list(kind, dict(parse_qsl(call.query)))
            case "GET", Place(kind, key):
                record = self._existing(kind, key)
                headers["etag"] = _etag(record)
                return 200, {"data": record}
            case "POST", Place("tickets", ""):
                return 201, {"data": self._create(_values(call, "tickets"))}
            case "PATCH", Place(kind, key) if key:
                record = self._existing(kind, key)
                if call.headers.get("if-match") != _etag(record):
                    raise DesklyError(412, "The record has changed.")
                return 200, {"data": self._put(kind, record, _values(call, kind), f"update:{kind}")}
        raise DesklyError(404, "There is nothing here.")

    def _list(self, kind: str, query: Mapping[str, str]) -> Record:
        size = min(int(query.get("per_page", 50)), _LARGEST_PAGE)
        where = Where()
        if "changed_from" in query:
            where = where.and_("updated_at >= ?", to_micros(query["changed_from"]))
        if "changed_to" in query:
            where = where.and_("updated_at < ?", to_micros(query["changed_to"]))
        if "external_id" in query:
            found = self.store.find(kind, "external_id", query["external_id"])
            where = where.and_("key = ?", found[0] if found else -1)
        page = int(query.get("page", 1))
        rows = self.store.page(kind, where, Order(by_stamp=True), limit=size, offset=(page - 1) * size)
        following = page + 1 if page * size < self.store.count(kind, where) else None
        return {"data": [decode(text) for _, _, text in rows], "next": following}

    def _existing(self, kind: str, key: str) -> Record:
        record = self.store.get(kind, key) if key.isdecimal() else None
        if record is None:
            raise DesklyError(404, "There is no such record.")
        return record

    def _create(self, values: Mapping[str, Any], operation: str = "create:tickets") -> Record:
        if not values.get("subject"):
            raise DesklyError(422, "A ticket needs a subject.")
        stamp = to_datetime(self.store.clock.tick()).isoformat()
        record = {"id": str(int(self.store.largest_key("tickets") or 0) + 1), "state": "open", "created": stamp}
        return self._put("tickets", record, values, operation)

    def _put(self, kind: str, record: Record, values: Mapping[str, Any], operation: str) -> Record:
        record = {**record, **values, "changed": to_datetime(self.store.clock.tick()).isoformat()}
        _refuse_wrong(kind, record)
        self.store.put(kind, record, operation=operation)
        return record

    def describe(self, call: Call) -> Described:
        """`list:tickets`, `get:tickets`, `update:tickets` and the like."""
        place = place_of(call)
        if place is None:
            return Described((f"{call.method} {call.path}",))
        words = {"GET": "get" if place.id else "list", "PATCH": "update", "POST": "create"}
        targets = ((place.kind, place.id),) if call.method == "PATCH" else ()
        return Described((f"{words.get(call.method, call.method)}:{place.kind}",), targets)

    def page_in(self, call: Call, payload: Any) -> Page | None:
        place = place_of(call)
        if place is None or place.id or not isinstance(payload.get("data"), list):
            return None

        def set_cursor(value: str) -> None:
            payload["next"] = int(value)

        following = payload["next"]
        return Page(place.kind, "id", payload["data"], following and str(following), set_cursor)

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        status = {"throttle": 429, "expired_token": 401, "errors": 400}.get(kind, int(fault.get("status", 500)))
        message = str(fault.get("message", "This cannot be done now."))
        answer = json_answer(status, DesklyError(status, message).body())
        if status == 429 or fault.get("retry_after") is not None:
            answer.set_header("retry-after", str(fault.get("retry_after", 1)))
        return answer

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        if record_id is None:
            return self._create(changes, operation="edit")
        return self._put(collection, self._existing(collection, record_id), changes, "edit")

    def delete(self, collection: str, record_id: str) -> bool:
        return self.store.remove(collection, record_id, operation="edit")


def _refuse_wrong(kind: str, record: Mapping[str, Any]) -> None:
    """What Deskly says of a record that it does not take."""
    priority = record.get("priority")
    if priority is not None and priority not in range(1, 5):
        raise DesklyError(422, "priority is a number from 1 to 4.")
    if kind == "requesters" and not 0 < len(record.get("name") or "") <= _LONGEST:
        raise DesklyError(422, f"name has 1 to {_LONGEST} characters.")
    if "@" not in (record.get("email") or "@"):
        raise DesklyError(422, "email is no e-mail address.")


def _values(call: Call, kind: str) -> Record:
    try:
        values = decode(call.body)["data"]
    except (ValueError, KeyError, TypeError) as wrong:
        raise DesklyError(400, "The body needs an object of data.") from wrong
    if not isinstance(values, dict) or not values.keys() <= _WRITABLE[kind]:
        raise DesklyError(422, f"Of {kind} only {', '.join(sorted(_WRITABLE[kind]))} may be written.")
    return values
