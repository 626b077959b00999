"""Where the response to a login holds the token, and how calls carry it."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from xml.etree import ElementTree

import msgspec

from concord.contract import Response
from concord.errors import ContractError, ServerError

SLOT = re.compile(r"\{(\w+)\}")


class TokenPlace(Protocol):
    """Where the response to a login holds the token."""

    def find(self, response: Response) -> Mapping[str, str]:
        """What was found, by name; `token` is one of the names. Empty where there is no token."""


@dataclass(frozen=True, slots=True)
class InBody:
    """At a dotted path of the body, in which a number is a place in a list; empty if the body is the token.

    The body is JSON or XML. In XML the path leads through the names of elements without their prefixes, from the
    outermost one; `@name` is an attribute.

    `also` are further values that a call carries, by the name under which `AsHeader` puts them, at their paths.
    """

    path: str = "access_token"
    also: Mapping[str, str] = field(default_factory=dict)

    def find(self, response: Response) -> Mapping[str, str]:
        """The token and the further values."""
        content = content_of(response, is_text=not self.path)
        found = {name: get_in(content, path) for name, path in {**self.also, "token": self.path}.items()}
        is_whole = all(isinstance(value, (str, int)) and value != "" for value in found.values())
        return {name: str(value) for name, value in found.items()} if is_whole else {}


@dataclass(frozen=True, slots=True)
class InHeader:
    """In the response header of that name."""

    name: str

    def find(self, response: Response) -> Mapping[str, str]:
        """The header's value."""
        value = response.headers.get(self.name.lower(), "")
        return {"token": value} if value else {}


@dataclass(frozen=True, slots=True)
class InCookie:
    """In cookies of these names, all of which must be set; the token is the value of a `Cookie` header."""

    names: tuple[str, ...]

    def find(self, response: Response) -> Mapping[str, str]:
        """The cookies as they are sent back."""
        given = response.headers.get("set-cookie", "")
        found = {name: _cookie(given, name) for name in self.names}
        if not all(found.values()):
            return {}
        return {"token": "; ".join(f"{name}={value}" for name, value in found.items())}


@dataclass(frozen=True, slots=True)
class AsHeader:
    """Every call carries the header `name`, with `text` as its value.

    In `text` stand `{token}`, `{login}` and the further values that the place of the token names. `coded` is a
    text of the same kind, which stands in `text` as `{coded}`, in Base64.
    """

    name: str = "Authorization"
    text: str = "Bearer {token}"
    coded: str = ""

    def write(self, values: Mapping[str, str]) -> dict[str, str]:
        """The header."""
        coded = base64.b64encode(_put(self.coded, values).encode()).decode("ascii")
        return {self.name: _put(self.text, {**values, "coded": coded})}


def content_of(response: Response, *, is_text: bool = False) -> object:
    """The body of the response to a login: JSON or XML, or with `is_text` also plain text."""
    try:
        return msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if is_text:
            return response.body.decode("utf-8", "replace").strip()
        content = _content_of_xml(response.body)
        if content is None:
            raise ServerError("The response to a login is neither JSON nor XML; try again later.") from error
        return content


def _content_of_xml(body: bytes) -> object:
    """The document as JSON would have it, None where it is none; one with entities of its own is not read."""
    if b"<!" in body.replace(b"<![CDATA[", b"").replace(b"<!--", b""):
        return None
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - the parser expands entities only where a DTD declares them
    except ElementTree.ParseError:
        return None
    return {_local(root.tag): _content_of_element(root)}


def _content_of_element(element: ElementTree.Element) -> object:
    """The text of an element, or what lies in it by name: lists where a name comes twice."""
    found: dict[str, object] = {f"@{_local(name)}": value for name, value in element.attrib.items()}
    inner: dict[str, list[object]] = {}
    for child in element:
        inner.setdefault(_local(child.tag), []).append(_content_of_element(child))
    found |= {name: values if len(values) > 1 else values[0] for name, values in inner.items()}
    text = (element.text or "").strip()
    return {**found, "": text} if found else text


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def get_in(content: object, path: str) -> object:
    """What a decoded body holds at a dotted path, in which a number is a place in a list; None for nothing."""
    for part in path.split(".") if path else []:
        match content:
            case dict():
                content = content.get(part)
            case list() if part.isdecimal() and int(part) < len(content):
                content = content[int(part)]
            case _:
                return None
    return content


def _cookie(header: str, name: str) -> str:
    """The value of a cookie among the `Set-Cookie` headers of a response, which come joined by commas."""
    found = re.search(rf'(?:^|,)\s*{re.escape(name)}=("[^"]*"|[^;,\s]*)', header)
    return found[1] if found else ""


def _put(text: str, values: Mapping[str, str]) -> str:
    """The text with its slots filled; a `ContractError` names one for which there is no value."""
    try:
        return SLOT.sub(lambda found: values[found[1]], text)
    except KeyError as error:
        raise ContractError(f"The login carries {{{error.args[0]}}}, which its response does not give.") from error
