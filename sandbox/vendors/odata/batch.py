"""`$batch`: changesets that happen whole or not at all, and reads between them; each part has its own status."""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from email.parser import BytesParser

from sandbox.store import Store, encode
from sandbox.vendors.odata.errors import ODataError, bad
from sandbox.vendors.odata.service import Asked, Given, Service

_WORDS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found", 405: "Not Allowed"}
_WORDS |= {412: "Precondition Failed", 428: "Precondition Required", 500: "Internal Server Error"}
_LINE = re.compile(rb"(?m)^(GET|POST|PUT|PATCH|MERGE|DELETE) (\S+) HTTP/1\.1\r?$")


def lines_of(body: bytes) -> list[tuple[str, str]]:
    """Method and path of everything in a batch, without carrying it out."""
    return [(method.decode(), path.decode()) for method, path in _LINE.findall(body)]


def answer_batch(
    service: Service, asked: Asked, refuse: Callable[[Asked], None] = lambda asked: None
) -> tuple[str, bytes]:
    """Content type and body of the answer; `refuse` may stop an operation before it happens."""
    boundary = uuid.uuid4().hex.upper()
    pieces = []
    for part in _parts(asked.headers.get("content-type", ""), asked.body):
        if part.is_multipart():
            pieces.append(_changeset(service, asked, part, refuse))
        else:
            pieces.append(_embedded(_carried_out(service, _inner(asked, part), service.store, refuse)))
    body = b"".join(f"--{boundary}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    return f"multipart/mixed; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def _parts(kind: str, body: bytes) -> list[Message]:
    whole = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    if not whole.is_multipart():
        raise bad("The request is no batch", code="/IWFND/CM_MGW/007")
    return list(_inside(whole))


def _inside(message: Message) -> Iterator[Message]:
    for part in message.get_payload():
        if isinstance(part, Message):
            yield part


def _inner(asked: Asked, part: Message) -> Asked:
    content = part.get_payload(decode=True)
    text = content if isinstance(content, bytes) else b""
    head, _, body = text.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode("latin-1").strip().split("\n")
    method, target, *_ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    path, _, query = target.removeprefix(f"{asked.base}/").partition("?")
    return Asked(method, path.lstrip("/"), query, headers, body.strip(), asked.base)


def _changeset(service: Service, asked: Asked, part: Message, refuse: Callable[[Asked], None]) -> bytes:
    """All of it or, with one answer for all, nothing."""
    given: list[tuple[str, Given]] = []
    try:
        with service.store.transaction():
            for inner in _inside(part):
                one = _inner(asked, inner)
                refuse(one)
                given.append((str(inner.get("Content-ID", "")), service.answer(one)))
    except ODataError as refused:
        return _embedded(Given(refused.status, refused.body(service.version, service.name)))
    boundary = uuid.uuid4().hex.upper()
    pieces = [f"--{boundary}\r\n".encode() + _embedded(answer, name) + b"\r\n" for name, answer in given]
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return head + b"".join(pieces) + f"--{boundary}--\r\n".encode()


def _carried_out(service: Service, one: Asked, store: Store, refuse: Callable[[Asked], None]) -> Given:
    try:
        with store.transaction():
            refuse(one)
            return service.answer(one)
    except ODataError as refused:
        return Given(refused.status, refused.body(service.version, service.name))


def _embedded(given: Given, name: str = "") -> bytes:
    body = b"" if given.body is None else encode(given.body)
    headers: Mapping[str, str] = {
        **given.headers,
        **({"content-type": "application/json"} if body else {}),
        "content-length": str(len(body)),
    }
    lines = [
        "Content-Type: application/http",
        "content-transfer-encoding: binary",
        *([f"Content-ID: {name}"] if name else []),
        "",
        f"HTTP/1.1 {given.status} {_WORDS.get(given.status, 'Error')}",
        *(f"{header}: {value}" for header, value in headers.items()),
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body
