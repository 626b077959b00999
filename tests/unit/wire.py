"""A server that sends the responses that a test has written, and keeps the requests."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

HANG, CLOSE = "hang", "close"


@dataclass
class Asked:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Drip:
    """An answer sent in pieces with pauses in between."""

    pieces: list[bytes]
    seconds: float


Script = list[bytes | str | Drip]


@dataclass
class Wire:
    """The server; `script` is answered in order, the last entry again and again."""

    script: Script
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def following(self) -> bytes | str | Drip:
        place = min(len(self.asked), len(self.script)) - 1
        return self.script[place]


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """A whole answer; header names take underscores for dashes."""
    given = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"HTTP/1.1 {status} Answer\r\n{lines}Connection: close\r\n\r\n".encode() + body


@contextmanager
def serving(*script: bytes | str | Drip) -> Iterator[Wire]:
    """A running server on the loopback interface."""
    wire = Wire(list(script))

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if not (line := self.rfile.readline()):
                return
            headers: dict[str, str] = {}
            while (header := self.rfile.readline().strip()) != b"":
                name, _, value = header.decode().partition(":")
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", 0)))
            wire.asked.append(Asked(line.decode().strip(), headers, body))
            self.play(wire.following())

        def play(self, entry: bytes | str | Drip) -> None:
            if isinstance(entry, bytes):
                self.wfile.write(entry)
            elif isinstance(entry, Drip):
                for piece in entry.pieces:
                    self.wfile.write(piece)
                    time.sleep(entry.seconds)
            elif entry == HANG:
                self.connection.settimeout(5)
                self.rfile.read(1)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """The client may have gone away, which is what some tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        wire.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield wire
        finally:
            server.shutdown()
            thread.join()
