"""A small vendor on a real HTTP server, which fails as a test tells it to."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Record = dict[str, Any]
REFUSALS = {"poison": 400, "crash": 500}  # of a call in which a value holds the word


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
        self.is_stuck = False  # never answers the second step of a create
        self.delay = 0.0  # seconds before a write is answered

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
            records = self.server.records[parts.path.strip("/")]
            if wanted.get("field") == ["id"]:
                asked = json.loads(wanted["values"][0])
                records = {key: records[key] for key in asked if key in records}
            listed = list(records.values())
            if self.server.is_forgetful:
                listed = [item for item in listed if not item.get("is_deleted")]
            if "field" in wanted:
                values = set(json.loads(wanted["values"][0]))
                listed = [item for item in listed if str(item.get(wanted["field"][0])) in values]
            self._answer(200, {"records": listed})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(self.server.delay)
        with self.server.guard:
            fault = self.server.faults.pop(0) if self.server.faults else ""
            self.server.calls.append(len(body))
            if fault == "cut_before" or (self.server.is_stuck and self.path.endswith("/finish")):
                return self._hang_up()
            if fault == "refuse":
                return self._answer(503, {}, {"Retry-After": "0"})
            if self.path.endswith("/finish"):
                return self._finish(body, fault)
            if refusal := next((status for word, status in REFUSALS.items() if word in json.dumps(body)), 0):
                return self._answer(refusal, {"error": "MALFORMED"})
            results = [self.server.write(self.path.strip("/"), change) for change in body]
            if fault == "cut_after":
                return self._hang_up()
            return self._answer(200, {"results": results[:-1] if fault == "forget_last" else results})

    def _finish(self, keys: list[str], fault: str) -> None:
        if fault == "refuse_step":
            return self._answer(400, {"error": "NO_STOCK"})
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
