"""`$batch`: changesets that are carried out as a whole or not at all, and reads; each part has its own status."""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from email.parser import BytesParser

from sandbox.server.records import encode
from sandbox.server.store import Store
from sandbox.vendors.odata.errors import ODataError, bad
from sandbox.vendors.odata.service import Asked, Service, ServiceResponse

_WORDS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found", 405: "Not Allowed"}
_WORDS |= {412: "Precondition Failed", 428: "Precondition Required", 500: "Internal Server Error"}
_LINE = re.compile(rb"(?m)^(GET|POST|PUT|PATCH|MERGE|DELETE) (\S+) HTTP/1\.1\r?$")


def lines_of(body: bytes) -> list[tuple[str, str]]:
    """Method and path of each operation in a batch, which is not carried out."""
    return [(method.decode(), path.decode()) for method, path in _LINE.findall(body)]


def answer_batch(
    service: Service, asked: Asked, refuse: Callable[[Asked], None] = lambda asked: None
) -> tuple[str, bytes]:
    """Content type and body of the response; `refuse` may refuse an operation before it is carried out.

    The first refusal is the last response, and no operation behind it is carried out, unless the client prefers
    `odata.continue-on-error`.
    """
    boundary = uuid.uuid4().hex.upper()
    stops = "continue-on-error" not in asked.headers.get("prefer", "")
    pieces = []
    for part in _parts(asked.headers.get("content-type", ""), asked.body):
        if part.is_multipart():
            is_refused, piece = _changeset(service, asked, part, refuse)
        else:
            response = _carried_out(service, _inner(asked, part), service.store, refuse)
            is_refused, piece = response.status >= 400, _embedded(response)
        pieces.append(piece)
        if is_refused and stops:
            break
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


def _changeset(
    service: Service, asked: Asked, part: Message, refuse: Callable[[Asked], None]
) -> tuple[bool, bytes]:
    """Carry a changeset out: whether it was refused, and its response. One refusal undoes all of it."""
    given: list[tuple[str, ServiceResponse]] = []
    try:
        with service.store.transaction():
            for inner in _inside(part):
                one = _inner(asked, inner)
                refuse(one)
                given.append((str(inner.get("Content-ID", "")), service.answer(one)))
    except ODataError as refused:
        return True, _embedded(ServiceResponse(refused.status, refused.body(service.version, service.name)))
    boundary = uuid.uuid4().hex.upper()
    pieces = [f"--{boundary}\r\n".encode() + _embedded(answer, name) + b"\r\n" for name, answer in given]
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return False, head + b"".join(pieces) + f"--{boundary}--\r\n".encode()


def _carried_out(service: Service, one: Asked, store: Store, refuse: Callable[[Asked], None]) -> ServiceResponse:
    try:
        with store.transaction():
            refuse(one)
            return service.answer(one)
    except ODataError as refused:
        return ServiceResponse(refused.status, refused.body(service.version, service.name))


def _embedded(given: ServiceResponse, name: str = "") -> bytes:
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
