"""A small vendor that writes can be tried on: a real HTTP server with faults, and the system that declares it."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from concord.contract import (
    Change,
    ChangedBetween,
    End,
    Outcome,
    Pace,
    Page,
    Resource,
    Session,
    System,
    Window,
    Writes,
)
from concord.errors import OutcomeUnknownError
from concord.fields import Field, Kind
from concord.http.client import HttpSession, Ways
from concord.http.patience import Patience
from concord.settings import Connection

Record = dict[str, Any]


class Vendor(ThreadingHTTPServer):
    """Records by resource; `faults` are taken one per write call; `effects` is what writes really did.

    With `is_forgetful` a record that was deleted is no longer shown; otherwise it is marked.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.records: dict[str, dict[str, Record]] = {"accounts": {}, "contacts": {}}
        self.faults: list[str] = []
        self.effects: list[tuple[str, str, str]] = []
        self.calls: list[int] = []
        self.guard = threading.RLock()
        self.ticks = 0
        self.is_tolerant = False
        self.is_forgetful = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def put(self, resource: str, key: str | None, values: Mapping[str, Any]) -> str:
        """Keep a record, stamped later than all before it."""
        with self.guard:
            self.ticks += 1
            stamp = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=self.ticks)
            key = key or f"{resource[0].upper()}-{len(self.records[resource]) + 1:04d}"
            old = self.records[resource].get(key, {"id": key, "is_deleted": False})
            self.records[resource][key] = {**old, **values, "updated": stamp.isoformat()}
            return key

    def write(self, resource: str, change: Record) -> Record:
        """One change, judged as a vendor would."""
        values, key = change["values"], change["key"]
        if not self.is_tolerant and any("bad" in str(value) for value in values.values()):
            return {"id": change["id"], "status": "rejected", "message": "a value is not accepted"}
        if key is not None and self.records[resource][key]["updated"] != change["stamp"]:
            return {"id": change["id"], "status": "conflicted", "message": "it moved"}
        key = self.put(resource, key, values)
        self.effects.append((resource, key, json.dumps(values, sort_keys=True)))
        return {"id": change["id"], "status": "confirmed", "key": key, "message": ""}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Vendor

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        wanted = parse_qs(parts.query)
        with self.server.guard:
            listed = list(self.server.records[parts.path.strip("/")].values())
            if self.server.is_forgetful:
                listed = [item for item in listed if not item.get("is_deleted")]
            if "field" in wanted:
                values = set(json.loads(wanted["values"][0]))
                listed = [item for item in listed if str(item.get(wanted["field"][0])) in values]
            self._answer(200, {"records": listed})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.guard:
            fault = self.server.faults.pop(0) if self.server.faults else ""
            self.server.calls.append(len(body))
            if fault == "cut_before":
                return self._hang_up()
            if fault == "refuse":
                return self._answer(503, {}, {"Retry-After": "0"})
            if self.path.endswith("/finish"):
                return self._finish(body, fault)
            if any("poison" in json.dumps(change) for change in body):
                return self._answer(400, {"error": "MALFORMED"})
            results = [self.server.write(self.path.strip("/"), change) for change in body]
            if fault == "cut_after":
                return self._hang_up()
            return self._answer(200, {"results": results[:-1] if fault == "forget_last" else results})

    def _finish(self, keys: list[str], fault: str) -> None:
        for key in keys:
            self.server.put("accounts", key, {"state": "finished"})
        return self._hang_up() if fault == "cut_after" else self._answer(200, {})

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _answer(self, status: int, body: Record, headers: Mapping[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def running_vendor() -> Iterator[Vendor]:
    """The server for the length of a block."""
    vendor = Vendor()
    thread = threading.Thread(target=vendor.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        vendor.shutdown()
        vendor.server_close()
        thread.join()


class _Page(msgspec.Struct):
    records: list[msgspec.Raw]


class _Reader:
    """Everything in one page."""

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        yield msgspec.json.decode(session.send("GET", resource.name), type=_Page).records

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        asked = {"field": resource.field(name).path, "values": json.dumps(list(values))}
        yield msgspec.json.decode(session.send("GET", resource.name, params=asked), type=_Page).records


class _Writer:
    """Some changes a call, guarded by the server."""

    def __init__(self, size: int) -> None:
        self.size = size

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        sent = [_for_vendor(resource, change) for change in changes]
        answer = session.send("POST", resource.name, body=sent, is_write=True)
        try:
            results = json.loads(answer)["results"]
        except ValueError as error:
            raise OutcomeUnknownError("The answer cannot be read.") from error
        return [Outcome(item["id"], End(item["status"]), item.get("key"), item["message"]) for item in results]


class _FinishingWriter(_Writer):
    """Creates in two calls, as a vendor with a workflow needs; what is there already is finished."""

    finishes_creates = True

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        wanted = [str(change.after["concord_id"]) for change in changes]
        (present,) = resource.read.read_matching(session, resource, "concord_id", wanted)
        found = {item["concord"]: item for item in map(json.loads, map(bytes, present))}
        missing = [change for change in changes if change.after["concord_id"] not in found]
        made = super().write(session, resource, missing) if missing else []
        keys = {change.change_id: outcome.key for change, outcome in zip(missing, made, strict=True)}
        for change in changes:
            record = found.get(change.after["concord_id"])
            keys.setdefault(change.change_id, record["id"] if record else None)
        session.send("POST", f"{resource.name}/finish", body=list(keys.values()), is_write=True)
        return [Outcome(name, End.CONFIRMED, key) for name, key in keys.items()]


def _for_vendor(resource: Resource, change: Change) -> Record:
    values = {resource.field(name).path: value for name, value in change.after.items()}
    stamp = change.guard.get("updated_at")
    return {
        "id": change.change_id,
        "key": change.key,
        "values": values,
        "stamp": stamp.isoformat() if isinstance(stamp, datetime) else None,
    }


class NoAuth:
    """The vendor asks nobody who they are."""

    def headers(self, session: Session) -> dict[str, str]:
        return {}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        return None


def declare(size: int = 2, concurrency: int = 2, *, is_finishing: bool = False) -> System:
    """Accounts, and contacts that belong to accounts."""
    writer = _FinishingWriter(size) if is_finishing else _Writer(size)
    accounts = Resource(
        name="accounts",
        read=_Reader(),
        key="source_id",
        changes=ChangedBetween("updated_at"),
        deleted="is_deleted",
        fields=(
            Field("id", "source_id", required=True),
            Field("name", "account_name"),
            Field("phone", "phone"),
            Field("credit", "credit_amount", Kind.DECIMAL),
            Field("concord", "concord_id"),
            Field("is_deleted", "is_deleted", Kind.BOOLEAN),
            Field("updated", "updated_at", Kind.TIMESTAMP, required=True),
        ),
        writes=Writes(
            writer=writer,
            update=frozenset({"account_name", "phone", "credit_amount", "is_deleted"}),
            create=frozenset({"account_name", "phone", "concord_id"}),
            guard="updated_at",
            find_by="concord_id",
        ),
    )
    return System(
        name="shopfront",
        title="Shopfront",
        connection="shopfront_default",
        auth=NoAuth(),
        pace=Pace(per_second=1000, concurrency=concurrency),
        resources=(accounts, _declare_contacts(size)),
    )


def _declare_contacts(size: int) -> Resource:
    return Resource(
        name="contacts",
        read=_Reader(),
        key="source_id",
        changes=ChangedBetween("updated_at"),
        fields=(
            Field("id", "source_id", required=True),
            Field("account", "account_source_id"),
            Field("email", "email"),
            Field("tags", "tags", Kind.JSON),
            Field("updated", "updated_at", Kind.TIMESTAMP, required=True),
        ),
        writes=Writes(
            writer=_Writer(size),
            update=frozenset({"email"}),
            create=frozenset({"account_source_id", "email", "tags"}),
            guard="updated_at",
            find_by="account_source_id",
        ),
    )


@contextmanager
def open_shopfront(url: str) -> Iterator[HttpSession]:
    """The product's own session to the vendor, which does not wait between attempts."""
    ways = Ways(patience=Patience(attempts=2, first_wait=0.0, sleep=lambda seconds: None))
    session = HttpSession(Connection("shopfront_default", url), NoAuth(), ways)
    try:
        yield session
    finally:
        session.close()


def write_suites(folder: Path, longest: int = 60) -> Path:
    """One statement per resource."""
    for resource, column in (("accounts", "account_name"), ("contacts", "email")):
        suite = {
            "name": f"shopfront/{resource}",
            "expectations": [
                {
                    "type": "expect_column_value_lengths_to_be_between",
                    "kwargs": {"column": column, "min_value": 1, "max_value": longest},
                    "meta": {
                        "severity": "row",
                        "reason": f"{column} is empty or endless",
                        "note": "An empty or endless name is a typing error.",
                    },
                }
            ],
        }
        path = folder / "shopfront" / f"{resource}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(suite))
    return folder
