"""A change that a file cannot hold is rejected: each record is read back from its bytes before it is sent."""

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from concord.contract import Change, End, Field, Kind, Outcome, Resource, Snapshot, Writes
from concord.protocols.files.layout import FileLayout, Meaning, RecordLayout, flag, packed, text, zoned
from concord.protocols.files.reading import FlatFiles
from concord.protocols.files.storage import FileLogin
from concord.protocols.files.writing import FlatFileWriter
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.systems.ibm_i.layouts import ENVELOPE
from concord.testing.bench import keys_of, read_all
from sandbox.vendors.ibm_i.host import Host

REQUESTS = system("ibm_i").resource("order_requests")
RECORD = RecordLayout(
    "D",
    (
        packed("NO", 2, digits=7),
        text("NAME", 6, 25),
        packed("AMOUNT", 26, digits=7, scale=2),
        zoned("CLOCK", 30, digits=6, meaning=Meaning.TIME),
        flag("CLOSED", 36, yes="X"),
    ),
)
FILES = FlatFiles(FileLayout("PLACES", 80, "cp037", ENVELOPE, (RECORD,)), ("in",))
FIELDS = (
    Field("NO", "number", required=True),
    Field("NAME", "name"),
    Field("AMOUNT", "amount", Kind.DECIMAL),
    Field("CLOCK", "opens_at"),
    Field("CLOSED", "is_closed", Kind.BOOLEAN),
    Field("NOTE", "note"),
)
PLACES = Resource(
    name="places",
    read=FILES,
    key="number",
    fields=FIELDS,
    changes=Snapshot(),
    writes=Writes(FlatFileWriter(FILES, "in"), create=frozenset(item.name for item in FIELDS)),
)
GOOD = {"number": "0000017", "name": "Ulm", "amount": "1.50", "opens_at": "09:30:00", "is_closed": True}


@pytest.fixture
def session(tmp_path: Path) -> HttpSession:
    for folder in ("out", "in", "taken"):
        (tmp_path / folder).mkdir()
    return HttpSession(Connection("ibm_i_default", f"file://{tmp_path}"), FileLogin())


def create(session: HttpSession, resource: Resource, **after: object) -> Outcome:
    assert resource.writes is not None
    (outcome,) = resource.writes.writer.write(session, resource, [Change("c1", None, "create", {}, after, {})])
    return outcome


def test_a_record_that_fits_is_confirmed_under_the_key_by_which_it_is_read(session: HttpSession) -> None:
    outcome = create(session, PLACES, **GOOD, note=None)
    assert (outcome.end, outcome.key) == (End.CONFIRMED, "17")
    assert keys_of(PLACES, read_all(session, PLACES)) == ["17"]


LOST = {
    "no column": {"note": "ring twice"},
    "fraction of a second": {"opens_at": "09:30:00.5"},
    "no number": {"amount": None},
    "word for a flag": {"is_closed": "true"},
    "blanks before": {"name": " " * 3 + "Ulm" + " " * 18},
    "scale": {"amount": "1.505"},
}


@pytest.mark.parametrize("what", LOST)
def test_what_would_be_read_otherwise_is_rejected_and_not_sent(session: HttpSession, what: str) -> None:
    outcome = create(session, PLACES, **{**GOOD, **LOST[what]})
    assert outcome.end is End.REJECTED
    (name,) = LOST[what]
    assert name in outcome.message or PLACES.field(name).path in outcome.message
    assert read_all(session, PLACES) == []


def test_a_line_with_a_member_that_the_file_lacks_is_rejected(session: HttpSession, tmp_path: Path) -> None:
    Host(tmp_path, ZoneInfo("UTC"))
    line = {"ITEMNO": "LAM-1001", "QTY": 12, "UNTPRC": "85.2300"}
    order = {"reference": "R1", "customer_number": "10015", "ordered_on": "2026-11-20", "currency_code": "EUR"}
    good = create(session, REQUESTS, **order, lines=[line])
    bad = create(session, replace(REQUESTS), **{**order, "reference": "R2"}, lines=[{**line, "NOTE": "gift"}])
    assert [good.end, bad.end] == [End.CONFIRMED, End.REJECTED]
    assert "lines" in bad.message


LENGTH = 80


def put_bytes(folder: Path, first: int, content: bytes, code: str = "D") -> bytes:
    """Give the one record of a type in the one file these bytes from a place on; all bytes of the record then."""
    (path,) = (folder / "in").glob("*.dat")
    file = bytearray(path.read_bytes())
    starts = range(0, len(file), LENGTH)
    (at,) = (start for start in starts if file[start : start + 1] == code.encode("cp037"))
    file[at + first - 1 : at + first - 1 + len(content)] = content
    path.write_bytes(file)
    return bytes(file[at : at + LENGTH])


def newest_record(folder: Path, code: str = "D") -> bytes:
    content = max((folder / "in").glob("*.dat"), key=lambda path: path.name[-10:]).read_bytes()
    records = [content[start : start + LENGTH] for start in range(0, len(content), LENGTH)]
    return next(record for record in records if record[:1] == code.encode("cp037"))


def update(session: HttpSession, resource: Resource, key: str, **after: object) -> Outcome:
    assert resource.writes is not None
    (outcome,) = resource.writes.writer.write(session, resource, [Change("c2", key, "update", {}, after, {})])
    return outcome


@pytest.mark.parametrize("fields", [FIELDS, (FIELDS[0], FIELDS[1])], ids=["all columns", "two columns declared"])
def test_all_bytes_that_an_update_does_not_name_stay(
    session: HttpSession, tmp_path: Path, fields: tuple[Field, ...]
) -> None:
    create(session, PLACES, **GOOD)
    put_bytes(tmp_path, 41, "filler of the host".encode("cp037") + b"\x00\x1f")
    before = put_bytes(tmp_path, 26, b"\x40" * 4)  # an amount that was never set
    names = frozenset(item.name for item in fields)
    resource = replace(PLACES, fields=fields, writes=Writes(FlatFileWriter(FILES, "in"), update=names))
    assert update(session, resource, "17", name="Bonn").end is End.CONFIRMED
    expected = before[:5] + "Bonn".encode("cp037").ljust(20, b"\x40") + before[25:]
    assert newest_record(tmp_path) == expected


def test_a_record_that_cannot_be_read_whole_is_not_written_anew(session: HttpSession, tmp_path: Path) -> None:
    create(session, PLACES, **GOOD)
    before = put_bytes(tmp_path, 26, b"\xff" * 4)
    outcome = update(session, PLACES, "17", name="Bonn")
    assert (outcome.end, "cannot be read whole" in outcome.message) == (End.REJECTED, True)
    assert newest_record(tmp_path) == before


@pytest.mark.parametrize("changes_lines", [False, True])
def test_bytes_of_a_line_that_no_column_names_stay_or_nothing_is_written(
    session: HttpSession, tmp_path: Path, *, changes_lines: bool
) -> None:
    line = {"ITEMNO": "LAM-1001", "QTY": 12, "UNTPRC": "85.2300"}
    order = {"reference": "R1", "customer_number": "10015", "ordered_on": "2026-11-20", "currency_code": "EUR"}
    assert create(session, REQUESTS, **order, lines=[line]).end is End.CONFIRMED
    before = put_bytes(tmp_path, LENGTH - 3, b"\xc1\xc2\xc3", code="L")
    after = {"lines": [{**line, "QTY": 13}]} if changes_lines else {"currency_code": "CHF"}
    outcome = update(session, REQUESTS, "R1", **after)
    assert outcome.end is (End.REJECTED if changes_lines else End.CONFIRMED)
    assert newest_record(tmp_path, "L") == before
