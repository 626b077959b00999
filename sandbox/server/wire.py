"""Closes connections under uvicorn before or within a response, as a broken network does.

ASGI cannot close a socket at once, so a protocol class of our own puts the transport into the scope.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TRANSPORT = "sandbox.transport"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, which also gives the application the transport."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: Scope = self.scope  # type: ignore[assignment]  # a TypedDict that knows no keys of ours
        scope[TRANSPORT] = self.transport


@dataclass(slots=True)
class Answer:
    """One whole response of a vendor."""

    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def set_header(self, name: str, value: str) -> None:
        """Set a header; it replaces one of the same name in any case."""
        wanted = name.lower().encode()
        self.headers = [header for header in self.headers if header[0].lower() != wanted]
        self.headers.append((wanted, value.encode()))

    def with_body(self, body: bytes) -> None:
        """Replace the body, and set its length."""
        self.body = body
        self.set_header("content-length", str(len(body)))

    async def send(self, send: Send) -> None:
        """Send the response."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


async def read_body(receive: Receive) -> bytes:
    """The request's whole body."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def run(app: App, scope: Scope, body: bytes) -> Answer:
    """Let the application handle a request whose body is already read; gives its response."""
    answer = Answer()
    chunks: list[bytes] = []
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            chunks.append(message.get("body", b""))

    await app(scope, receive, send)
    answer.body = b"".join(chunks)
    return answer


async def cut(scope: Scope, receive: Receive, *, reset: bool = False) -> None:
    """Close the connection without sending anything more; with `reset` the peer gets a RST instead of a FIN."""
    transport: asyncio.Transport = scope[TRANSPORT]
    sock = transport.get_extra_info("socket")
    if reset and sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
    await _until_disconnected(receive)


async def send_partly(scope: Scope, receive: Receive, send: Send, answer: Answer, *, share: float) -> None:
    """Announce the length of the whole body, send a part of it and close the connection."""
    part = answer.body[: max(0, min(len(answer.body) - 1, int(len(answer.body) * share)))]
    answer.set_header("content-length", str(len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": part, "more_body": True})
    transport: asyncio.Transport = scope[TRANSPORT]
    transport.close()
    await _until_disconnected(receive)


async def _until_disconnected(receive: Receive) -> None:
    """Wait until uvicorn has noticed; it would send a 500 if the application returned earlier."""
    while (await receive())["type"] != "http.disconnect":
        continue
