"""A relay in front of a real server, which breaks connections on request: for vendors that cannot be told to."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

KEPT = ("host", "authorization", "content-type", "accept-encoding")


class Relay(ThreadingHTTPServer):
    """Passes every call on to `upstream`; `plan` is what to do with the next calls that hold a word."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream)
        self.plan: list[tuple[str, str]] = []
        self.moments: list[float] = []
        self.last = b""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def strike(self, call: bytes) -> str:
        """What is planned for this call; each entry strikes once."""
        self.moments.append(time.time())
        for entry in self.plan:
            if entry[0].encode() in call:
                self.plan.remove(entry)
                return entry[1]
        return ""


class _Handler(BaseHTTPRequestHandler):
    server: Relay

    def do_GET(self) -> None:
        self.do_POST()

    def do_PATCH(self) -> None:
        self.do_POST()

    def do_PUT(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        fault = self.server.strike(f"{self.command} {self.path}\n".encode() + body)
        if fault == "cut_before":
            self.connection.close()
        elif fault == "throttle":
            self._answer(429, [("Retry-After", "0")], b"")
        elif fault == "html":
            self._answer(200, [("Content-Type", "text/html")], b"<html>Back soon</html>")
        elif fault == "refuse_token":
            self._answer(401, [], b"")
        else:
            status, headers, content = self._ask(body)
            if fault == "loop":
                content = self.server.last
            self.server.last = content
            if fault == "cut_after":
                self.connection.close()
            else:
                self._answer(status, headers, content)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection(
            self.server.upstream.hostname or "", self.server.upstream.port, timeout=60
        )
        upstream.request(
            self.command, self.path, body, {name: self.headers[name] for name in KEPT if self.headers[name]}
        )
        answer = upstream.getresponse()
        content = answer.read()
        names = ("content-type", "content-encoding", "retry-after", "location")
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() in names]
        upstream.close()
        return answer.status, headers, content

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(content)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Tests print nothing."""


@contextmanager
def relayed(upstream: str) -> Iterator[Relay]:
    """A running relay."""
    with Relay(upstream) as relay:
        thread = threading.Thread(target=relay.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield relay
        finally:
            relay.shutdown()
            thread.join()
