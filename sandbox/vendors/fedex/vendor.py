"""The carrier: FedEx's tokens and its tracking by number and reference, as far as a nightly sync uses them."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.records import Collection, Record
from sandbox.server.store import Store
from sandbox.server.tokens import Tokens, is_client
from sandbox.server.vendor import Call, Described, Page, Vendor, json_answer
from sandbox.server.wire import Answer, App
from sandbox.vendors.fedex.tracking import (
    ACCOUNT,
    FedExError,
    numbers_in,
    reference_of,
    references_in,
    track,
    track_reference,
)

_LIFETIME = 3_600
Tracking = Callable[[Store, bytes], dict[str, Any]]
_LOGINS, _LOGIN_SECONDS = 10, 60.0  # More tokens in a minute are refused as an attack.
_EXPIRED = FedExError(401, "NOT.AUTHORIZED.ERROR", "Access token expired. Please modify your request.")
_UNKNOWN = FedExError(401, "NOT.AUTHORIZED.ERROR", "The given client credentials were not valid.")
_BLOCKED = FedExError(403, "FORBIDDEN.ERROR", "We could not authorize your credentials.")
_LIMIT = FedExError(429, "TOO.MANY.REQUESTS", "We have received too many requests in a short duration.")
_WORDS = {400: "INVALID.INPUT.EXCEPTION", 404: "NOT.FOUND.ERROR", 503: "SERVICE.UNAVAILABLE.ERROR"}


def _collection(name: str) -> Collection:
    lookups = {"number": lambda record: str(record["trackingNumber"]), "reference": reference_of}
    return Collection(name, "id", "updated", str, lambda record: to_micros(record["updated"]), lookups)


class FedEx(Vendor):
    """One project's view of the carrier in one SQLite file."""

    name = "fedex"
    denial = (
        "status",
        {"status": 403, "code": "FORBIDDEN.ERROR", "message": "We could not authorize your credentials."},
    )
    extra: Mapping[str, Any] = {"account_number": ACCOUNT}

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, (_collection("tracking"), _collection("earlier_tracking")))
        self.tokens = Tokens(self.store, prefix="eyJhbGciOi.", lifetime=_LIFETIME)
        self.most_logins = _LOGINS
        self._logins: list[float] = []

    def app(self) -> App:
        app = FastAPI(title="FedEx sandbox", openapi_url=None)

        @app.post("/oauth/token")
        async def token(request: Request) -> Response:
            return _json(*self._log_in(await request.body()))

        @app.post("/track/v1/trackingnumbers")
        async def trackingnumbers(request: Request) -> Response:
            return _json(*self._track(request.headers, await request.body(), track))

        @app.post("/track/v1/referencenumbers")
        async def referencenumbers(request: Request) -> Response:
            return _json(*self._track(request.headers, await request.body(), track_reference))

        return app

    def _log_in(self, body: bytes) -> tuple[int, Any]:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        now = time.monotonic()
        self._logins = [*(at for at in self._logins if now - at < _LOGIN_SECONDS), now]
        if len(self._logins) > self.most_logins:
            return 403, _BLOCKED.body()
        is_known = is_client(form.get("client_id", ""), form.get("client_secret", ""))
        if form.get("grant_type") != "client_credentials" or not is_known:
            return 401, _UNKNOWN.body()
        token = {"access_token": self.tokens.issue(), "token_type": "bearer"}
        return 200, {**token, "expires_in": int(self.tokens.lifetime), "scope": "CXS"}

    def _track(self, headers: Mapping[str, str], body: bytes, answer: Tracking) -> tuple[int, Any]:
        if not self.tokens.is_valid(_bearer(headers)):
            return 401, _EXPIRED.body()
        echoed = headers.get("x-customer-transaction-id")
        about = {"customerTransactionId": echoed} if echoed else {}
        try:
            return 200, {"transactionId": "sandbox", **about, "output": answer(self.store, body)}
        except FedExError as refused:
            return refused.status, {**refused.body(), **about}

    def describe(self, call: Call) -> Described:
        """`login`, or `track` with the numbers, or `track_reference` with the reference."""
        if call.path == "/oauth/token":
            return Described(("login",))
        if call.path.endswith("/referencenumbers"):
            return Described(
                ("track_reference",), tuple(("references", name) for name in references_in(call.body))
            )
        return Described(("track",), tuple(("tracking", number) for number in numbers_in(call.body)))

    def page_in(self, call: Call, payload: Any) -> Page | None:
        output = payload.get("output") if isinstance(payload, dict) else None
        if not output:
            return None
        results = output["completeTrackResults"]
        return Page(
            "tracking", "trackingNumber", results, None, lambda cursor: None, lambda item: item["trackResults"][0]
        )

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        if kind == "expired_token":
            return json_answer(401, _EXPIRED.body())
        if kind == "throttle":
            return json_answer(429, _LIMIT.body())
        status = int(fault.get("status", 400 if kind == "errors" else 500))
        code = str(fault.get("code", _WORDS.get(status, "INTERNAL.SERVER.ERROR")))
        message = str(fault.get("message", "We are sorry; try again later."))
        return json_answer(status, FedExError(status, code, message).body())

    def expire_token(self, call: Call) -> None:
        self.tokens.expire(_bearer(call.headers))

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        """Change a parcel as the courier does; the changes are parts of its track result."""
        number = str(record_id)
        keys = self.store.find(collection, "number", number)
        record = self.store.get_by_key(collection, keys[0]) if keys else None
        if record is None:
            raise KeyError(number)
        stamp = to_datetime(self.store.clock.tick()).isoformat()
        record |= {"updated": stamp, "result": {**record["result"], **changes}}
        self.store.put(collection, record, operation="edit")
        return record

    def delete(self, collection: str, record_id: str) -> bool:
        keys = self.store.find(collection, "number", record_id)
        return bool(keys) and self.store.remove(collection, str(keys[0]), operation="edit")

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        self.tokens.lifetime = float(limits.get("token_lifetime", self.tokens.lifetime))
        self.most_logins = int(limits.get("most_logins", self.most_logins))
        if limits.get("expire_tokens"):
            self.tokens.expire_all()
        return {"token_lifetime": self.tokens.lifetime, "most_logins": self.most_logins}

    def reset(self) -> None:
        self.tokens.lifetime, self.most_logins = _LIFETIME, _LOGINS
        self._logins.clear()

    def prepare(self, collection: str, record: Record) -> Record:
        return {"id": record["result"]["trackingNumberInfo"]["trackingNumberUniqueId"], **record}


def _ignore(cursor: str) -> None:
    """Tracking has no pages, so there is no cursor to set."""


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _json(status: int, body: Any) -> Response:
    answer = json_answer(status, body)
    return Response(answer.body, status, media_type="application/json;charset=UTF-8")
