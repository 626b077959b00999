"""A relay in front of a real database, which breaks connections on request; it recognises the end of a query."""

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

DONE = b"Z\x00\x00\x00\x05"  # ready for the next query; the last byte tells whether a transaction is open
QUERIES = b"QPBCDES"  # how messages begin that are answered by that
GARBAGE = b"<!doctype html><html><body>Back soon</body></html>"
CHUNK = 1 << 16


class WireRelay:
    """Passes every byte on; `plan` is what to do when a client has sent some words, one after the other.

    `replaced` are bytes that the server sends and those that reach the client in their place, as many.
    """

    def __init__(self, host: str, port: int) -> None:
        self.upstream = (host, port)
        self.plan: list[tuple[tuple[bytes, ...], str]] = []
        self.replaced: dict[bytes, bytes] = {}
        self.moments: list[float] = []
        self.dialled = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Until `stop`."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.dialled += 1
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Break every connection there is."""
        with self._lock:
            for item in self._open:
                item.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.upstream) as server, selectors.DefaultSelector() as ready:
            with self._lock:
                self._open.add(client)
            ready.register(client, selectors.EVENT_READ)
            ready.register(server, selectors.EVENT_READ)
            try:
                while self._turn(client, server, ready):
                    pass
            except OSError:
                pass
            finally:
                with self._lock:
                    self._open.discard(client)

    def _turn(self, client: socket.socket, server: socket.socket, ready: selectors.BaseSelector) -> bool:
        for key, _ in ready.select():
            data = key.fileobj.recv(CHUNK)  # type: ignore[union-attr]  # sockets were registered
            if not data:
                return False
            if key.fileobj is server:
                client.sendall(self._changed(data))
            elif not self._forward(data, client, server):
                return False
        return True

    def _forward(self, data: bytes, client: socket.socket, server: socket.socket) -> bool:
        fault = self._strike(data)
        if fault == "cut_before":
            return False
        if fault == "html":
            client.sendall(GARBAGE)
            return False
        server.sendall(data)
        if fault == "cut_after":
            answer = server.recv(CHUNK)
            while data[:1] in QUERIES and answer[-6:-1] != DONE and (piece := server.recv(CHUNK)):
                answer += piece
            return False
        return True

    def _changed(self, data: bytes) -> bytes:
        for old, new in self.replaced.items():
            data = data.replace(old, new)
        return data

    def _strike(self, data: bytes) -> str:
        self.moments.append(time.time())
        for place, ((word, *others), fault) in enumerate(self.plan):
            if word in data and others:
                self.plan[place] = (tuple(others), fault)
            elif word in data:
                self.plan.pop(place)
                return fault
        return ""


@contextmanager
def wire_relayed(host: str, port: int) -> Iterator[WireRelay]:
    """A running relay."""
    relay = WireRelay(host, port)
    thread = threading.Thread(target=relay.serve, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join()
