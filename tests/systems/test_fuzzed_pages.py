"""Whatever comes on the wire in the place of a text: no record is made or lost, and no error is raw.

Texts of records are replaced on their way from the vendor's server, in pages of JSON, in CSV files, in SOAP
documents and in files of fixed width: by brackets and quotes, bytes that are no text, other types, other lengths.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from concord.contract import Resource, Session
from concord.errors import ConcordError
from concord.protocols.repair import MARK, as_received
from concord.protocols.values import decode_record, value_at
from concord.testing.bench import Bench
from concord.testing.fuzz import cases
from concord.testing.suite.test_damaged_records import ebcdic, texts_of
from concord.visible_text import show_controls
from tests.systems.soap_bench import open_session
from tests.systems.soap_server import SoapServer, soap_server
from tests.systems.soap_system import MONTH, declare

FindBench = Callable[[str], Bench]
HARD = [
    b"\0",
    b"\x1b[2J",
    b"\xff",
    b"\xc0\xaf",
    b"\\",
    b"\\ud83d",
    b"\\u0000",
    b"\\x",
    b"NaN",
    b"1e999",
    b"\xef\xbb\xbf",
]
SIGNS = {
    "json": [
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"}',
        b'"]',
        b'{"',
        b'["',
        b'": ',
        b'", "',
        b"{}",
        b"null",
    ],
    "csv": [b'"', b'""', b",", b'","', b"\n", b'"\n"', b"\r", b";", b'"",""'],
    "xml": [
        b"<",
        b">",
        b"&",
        b"</",
        b"<x>",
        b"</x>",
        b"]]>",
        b"&#0;",
        b"&x;",
        b"<!--",
        b"<?x",
        b'"',
        b"<![CDATA[",
    ],
    "cells": [],
}


@dataclass
class Wire:
    """A resource that is read over a wire on which bytes are replaced."""

    form: str
    resource: Resource
    session: Session
    damage: Callable[[Mapping[bytes, bytes]], None]
    reset: Callable[[], None]
    window: object = None

    def read(self) -> list[bytes]:
        """All records as they come."""
        pages = self.resource.read.read_window(self.session, self.resource, self.window)  # type: ignore[arg-type]  # a window, or none
        return [bytes(raw) for page in pages for raw in page]

    def key(self, raw: bytes) -> str:
        """The key of a record without marks, empty where it has none."""
        try:
            record = decode_record(self.resource, raw)
        except ConcordError:
            return ""
        return str(value_at(record, self.resource.field(self.resource.key)))


WIRES = {
    "kiosk": ("customers", "json"),
    "hubspot": ("contacts", "json"),
    "sap": ("business_partners", "json"),
    "salesforce": ("contacts", "csv"),
    "ibm_i": ("customers", "cells"),
}


@pytest.fixture(scope="module")
def soap() -> Iterator[SoapServer]:
    with soap_server() as running:
        yield running


@pytest.fixture
def wire(request: pytest.FixtureRequest, opened: FindBench, soap: SoapServer) -> Wire:
    name: str = request.param
    if name == "soap":

        def put(replaced: Mapping[bytes, bytes]) -> None:
            soap.erp.damage = next(iter(replaced.items()), (b"", b""))

        customers = declare("Port11").resource("customers")
        return Wire("xml", customers, open_session(soap), put, lambda: put({}), MONTH)
    found, (resource, form) = opened(name), WIRES[name]
    extra = {**found.connection.extra, "bulk_read_above": "0", "bulk_page_rows": "50"}
    session = replace(found, connection=replace(found.connection, extra=extra)).session()
    return Wire(form, found.system.resource(resource), session, found.desk.damage, found.desk.reset)


def hostile(form: str, text: bytes, data: some.DataObject) -> bytes:
    """What comes in the place of a text; in a file of fixed width it is as long."""
    if form == "cells":
        return bytes(data.draw(some.lists(some.integers(0, 255), min_size=len(text), max_size=len(text))))
    pieces = data.draw(some.lists(some.sampled_from(HARD + SIGNS[form] * 2), min_size=1, max_size=4))
    cut = data.draw(some.integers(0, len(text)))
    kept = b"" if data.draw(some.booleans()) else text[cut:]
    return text[:cut] + b"".join(pieces) + kept


def chosen(wire: Wire, sound: Sequence[bytes], data: some.DataObject) -> dict[str, tuple[bytes, bytes]]:
    """By the key of a record, a text that stands in it alone and what comes in its place."""
    texts = dict(texts_of(wire.resource, [decode_record(wire.resource, raw) for raw in sound]))
    most = 1 if wire.form == "xml" else 3
    keys = data.draw(some.lists(some.sampled_from(sorted(texts)), min_size=1, max_size=most, unique=True))
    write = (lambda text: ebcdic(text.encode())) if wire.form == "cells" else str.encode
    return {key: (write(texts[key]), hostile(wire.form, write(texts[key]), data)) for key in keys}


_sound: dict[str, list[bytes]] = {}


@pytest.mark.parametrize("wire", [*WIRES, "soap"], indirect=True)
@given(data=some.data())
@cases(few=40, many=1000)
def test_whatever_comes_no_record_is_made_or_lost(wire: Wire, data: some.DataObject) -> None:
    name = f"{wire.form} {wire.resource.name}"
    sound = _sound.setdefault(name, []) or wire.read()
    _sound[name] = sound
    replaced = chosen(wire, sound, data)
    wire.damage(dict(replaced.values()))
    found, refusal = None, "."
    try:
        found = wire.read()
    except ConcordError as error:
        refusal = error.message
    wire.reset()
    assert refusal.endswith(".")
    assert show_controls(refusal) == refusal
    if found is not None:
        check(wire, sound, found, replaced)


def check(wire: Wire, sound: Sequence[bytes], found: Sequence[bytes], replaced: Collection[str]) -> None:
    """The records of other keys are as they came, or lie in the bytes that were set aside; none came beside."""
    held = {wire.key(raw): raw for raw in found if MARK not in raw}
    aside = b"".join(as_received(raw) for raw in found if MARK in raw)
    for raw in sound:
        key = wire.key(raw)
        if key not in replaced:
            assert held.get(key) == raw or (key not in held and key.encode() in aside)
    made = held.keys() - {wire.key(raw) for raw in sound} - replaced.keys()
    assert len(made) <= len(replaced), "a damaged key may be another one, and no record comes beside"
