"""OData's `$batch`: one changeset per record, so that each record is written or refused apart from the others.

https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html#sec_BatchRequests
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from typing import Any

import msgspec

from concord.contract import Response
from concord.errors import OutcomeUnknownError
from concord.protocols.values import get_at

# Version 4.0 knows the first name, version 4.01 the second, and version 2 neither: there it changes nothing.
CONTINUE_ON_ERROR = {"Prefer": "odata.continue-on-error, continue-on-error"}
_LONGEST_SENTENCE = 300
_XML = re.compile(rb"<(?:\w+:)?code>([^<]{1,80})</.*?<(?:\w+:)?message[^>]*>([^<]+)<", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Operation:
    """One write within a batch; `path` is relative to the service."""

    method: str
    path: str
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one operation; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether the operation took effect."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def entity(self) -> dict[str, Any]:
        """The record that came back, empty where there is none."""
        try:
            found = msgspec.json.decode(self.body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        inner = found.get("d", found) if isinstance(found, dict) else {}
        return inner if isinstance(inner, dict) else {}

    def sentence(self) -> str:
        """The server's code and reason, taken from the details of the error where it has some."""
        error = self.entity().get("error")
        if not isinstance(error, dict):
            return _sentence_of_xml(self.body) or f"the server answered {self.status}"
        details = error.get("details") or get_at(error, "innererror.errordetails") or []
        causes = [item for item in details if isinstance(item, dict) and item.get("severity", "error") == "error"]
        cause = causes[0] if causes else error
        return f"{cause.get('code') or self.status}: {_text_of(cause.get('message'))}"[:_LONGEST_SENTENCE]


def _sentence_of_xml(body: bytes) -> str:
    """The code and reason of a refusal in XML, which some servers send even where JSON was asked for."""
    found = _XML.search(body)
    return b": ".join(found.groups()).decode("utf-8", "replace")[:_LONGEST_SENTENCE] if found else ""


def _text_of(message: object) -> str:
    """The text of a message, which version 2 of OData puts into an object beside its language."""
    return str(message.get("value", "")) if isinstance(message, dict) else str(message)


def write_batch(operations: Sequence[Operation]) -> tuple[str, bytes]:
    """The content type and the body of a batch."""
    boundary = f"batch_{uuid.uuid4().hex}"
    pieces = [_changeset(boundary, number, operation) for number, operation in enumerate(operations, 1)]
    return f"multipart/mixed; boundary={boundary}", b"".join(pieces) + f"--{boundary}--\r\n".encode()


def _changeset(boundary: str, number: int, operation: Operation) -> bytes:
    inner = f"changeset_{uuid.uuid4().hex}"
    content = msgspec.json.encode(operation.body)
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        **operation.headers,
        "Content-Length": str(len(content)),
    }
    lines = [
        f"--{boundary}",
        f"Content-Type: multipart/mixed; boundary={inner}",
        "",
        f"--{inner}",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        f"Content-ID: {number}",
        "",
        f"{operation.method} {operation.path} HTTP/1.1",
        *(f"{name}: {_on_one_line(value)}" for name, value in headers.items()),
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + content + f"\r\n--{inner}--\r\n".encode()


def _on_one_line(value: str) -> str:
    """The value of a header without line breaks, which would begin another header."""
    return value.replace("\r", "").replace("\n", "")


def read_batch(response: Response) -> list[Result]:
    """One result per changeset, in their order; a changeset that failed has one result for all its operations."""
    head = f"Content-Type: {response.headers.get('content-type', '')}\r\n\r\n".encode()
    whole = BytesParser().parsebytes(head + response.body)
    if not whole.is_multipart():
        raise OutcomeUnknownError(
            "The response to a batch of writes cannot be read; read the records back before you send again."
        )
    return [_read_result(part) for part in _parts_of(whole)]


def _parts_of(message: Message) -> list[Message]:
    parts = message.get_payload()
    return [part for part in parts if isinstance(part, Message)] if isinstance(parts, list) else []


def _read_result(part: Message) -> Result:
    inner = _parts_of(part) if part.is_multipart() else [part]
    content = inner[0].get_payload(decode=True) if inner else b""
    text = content if isinstance(content, bytes) else b""
    head, _, body = text.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        raise OutcomeUnknownError(
            "A part of the response to a batch of writes cannot be read; "
            "read the records back before anything is sent again."
        )
    pairs = (line.partition(":") for line in lines)
    return Result(int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}, body.strip())
