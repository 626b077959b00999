"""A relay in front of a real server, which breaks connections and shortens a value on request."""

import gzip
import http.client
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

# What belongs to one connection (RFC 9110, 7.6.1), or is written anew here; all else is passed on both ways.
OWN = frozenset(
    "connection keep-alive te trailer transfer-encoding upgrade content-length date server".split()  # noqa: SIM905
)


class Relay(ThreadingHTTPServer):
    """Passes every call on to `upstream`, with all of its headers, and the response with all of its own.

    `plan` has pairs of a pattern and a fault: what to do with the next call in which the pattern is found. A call
    is written as `POST /path`, a line end and the body.

    `replaced` are bytes of every response, which comes unpacked then, and those that stand in their place.
    """

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream)
        self.plan: list[tuple[str, str]] = []
        self.moments: list[float] = []
        self.last = b""
        self.shortened = b""
        self.behind = 0.0
        self.nothing: tuple[str, bytes] | None = None
        self.replaced: dict[bytes, bytes] = {}

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """The address to which a connection goes in place of the server's."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self, number: int) -> None:
        """Lose the answer to the call that is the `number`-th from now."""
        self.plan += [("", "")] * (number - 1) + [("", "cut_after")]

    def strike(self, call: bytes) -> str:
        """What is planned for this call; each entry strikes once."""
        self.moments.append(time.time())
        for entry in self.plan:
            if re.search(entry[0].encode(), call):
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
        if self.server.shortened and self.command != "GET":
            body = body.replace(self.server.shortened, self.server.shortened[:-1])
        if fault == "cut_before":
            self.connection.close()
        elif fault == "throttle":
            self._answer(429, [("Retry-After", "0")], b"")
        elif fault == "html":
            self._answer(200, [("Content-Type", "text/html")], b"<html>Back soon</html>")
        elif fault == "refuse_token":
            self._answer(401, [], b"")
        elif self.server.nothing and self.server.nothing[0].encode() in body + self.path.encode():
            self._answer(200, [("Content-Type", "application/json")], self.server.nothing[1])
        else:
            status, headers, content = self._ask(body)
            if fault == "loop":
                content = self.server.last
            self.server.last = content
            if fault == "cut_after":
                self.connection.close()
            elif fault == "busy_after":
                self._answer(503, [("Retry-After", "0")], b"")
            else:
                self._answer(status, headers, content)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection(
            self.server.upstream.hostname or "", self.server.upstream.port, timeout=60
        )
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in [*self._passed(self.headers.items()), ("Content-Length", str(len(body)))]:
            upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        content = answer.read()
        headers = self._passed(answer.getheaders())
        upstream.close()
        if self.server.replaced and "gzip" in dict(headers).values():
            headers = [entry for entry in headers if entry[1] != "gzip"]
            content = gzip.decompress(content)
        for old, new in self.server.replaced.items():
            content = content.replace(old, new)
        return answer.status, headers, content

    def _passed(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The headers that go on, as they are and in their order, also those that come more than once."""
        return [(name, value) for name, value in headers if name.lower() not in OWN]

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(content)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The time for the header `Date`, as far behind as the server in front of us is said to be."""
        return super().date_time_string((timestamp or time.time()) - self.server.behind)

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
