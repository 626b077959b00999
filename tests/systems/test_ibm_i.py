"""Irregular files of the host: which are read, which are refused, and which are left for later."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from concord.contract import Change, End, Resource, Window
from concord.errors import BatchError, ConfigurationError, ServerError
from concord.protocols.files.folder import Folder
from concord.protocols.files.storage import Entry, FileLogin, NameTakenError
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import RETRY_LIMITS, keys_of, read_all
from sandbox.vendors.ibm_i.host import KINDS, Host
from sandbox.world import World

SYSTEM = system("ibm_i")
ORDERS, CUSTOMERS = SYSTEM.resource("orders"), SYSTEM.resource("customers")
ACKNOWLEDGEMENTS, REQUESTS = SYSTEM.resource("acknowledgements"), SYSTEM.resource("order_requests")
ZONE = ZoneInfo("Europe/Berlin")
LENGTH = 100
LONG_AGO = 1_700_000_000
Rewrite = Callable[[bytes], bytes]


@pytest.fixture
def host(tmp_path: Path, world: World) -> Host:
    found = Host(tmp_path / "host", ZONE)
    found.fill(world.of("ibm_i"))
    return found


def session_of(host: Host, wait_for_rate_limit: Callable[[], float] = float, **extra: str) -> HttpSession:
    connection = Connection("ibm_i_default", f"file://{host.folder}", extra={"time_zone": str(ZONE), **extra})
    return HttpSession(connection, FileLogin(), SessionSettings(SYSTEM.rules, RETRY_LIMITS, wait_for_rate_limit))


def newest(host: Host, resource: str = "orders") -> Path:
    return host.runs(KINDS[resource], "out")[-1]


def bend(path: Path, rewrite: Rewrite, *, is_young: bool = False) -> None:
    """Change the bytes of a file that lay there for long, or of one that just came."""
    path.write_bytes(rewrite(path.read_bytes()))
    if not is_young:
        os.utime(path, (LONG_AGO, LONG_AGO))


def count(host: Host, resource: Resource = ORDERS) -> int:
    return len(read_all(session_of(host), resource))


def another_count(content: bytes) -> bytes:
    return content[:-LENGTH] + content[-LENGTH:].replace(content[-99:-94], bytes.fromhex("000000999c"), 1)


def another_total(content: bytes) -> bytes:
    return content[:-80] + bytes([content[-80] ^ 0x10]) + content[-79:]


def another_layout(content: bytes) -> bytes:
    records = [content[at : at + LENGTH] for at in range(0, len(content), LENGTH)]
    return b"".join([records[0], *(b"\xe9" + record[1:] for record in records[1:-1]), records[-1]])


BROKEN: dict[str, tuple[Rewrite, str]] = {
    "count": (another_count, r"refused as a whole: its trailer counts 999 records, and there are"),
    "total": (another_total, r"refused as a whole: the total AMTTOT of its trailer"),
    "no trailer": (lambda content: content[:-LENGTH], "it has no trailer"),
    "half a trailer": (lambda content: content[:-30], "its last record is cut"),
    "two runs": (lambda content: content + content, "a second header: two runs were put into one file"),
    "doubled header": (lambda content: content[:LENGTH] + content, "a second header"),
    "sent as text": (lambda content: content.replace(b"\x40\xd6", b"\x40\r\n\xd6"), "it was sent as text"),
    "no header": (lambda content: content[LENGTH:], "it has no header"),
    "unknown records": (another_layout, r"\d+ of its \d+ records are of no known type"),
    "another run": (
        lambda content: content[:11] + b"\x00\x00\x99\x9c" + content[15:],
        "run 999, layout 01, and not",
    ),
    "another hour": (
        lambda content: content[:19] + b"\x00\x12\x00\x0f" + content[23:],
        "another time than its name",
    ),
    "bad header": (lambda content: content[:19] + b"\x40\x0a\x0b\x0c" + content[23:], "RUNTIM of its record H"),
    "empty": (lambda content: b"", "it has no trailer"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_is_not_whole_is_refused_as_a_whole(host: Host, what: str) -> None:
    rewrite, sentence = BROKEN[what]
    bend(newest(host), rewrite)
    with pytest.raises(BatchError, match=sentence) as caught:
        read_all(session_of(host), ORDERS)
    assert newest(host).name in caught.value.message


@pytest.mark.parametrize("what", ["no trailer", "half a trailer", "empty"])
def test_a_file_that_may_still_grow_is_left_for_later(host: Host, what: str) -> None:
    rewrite, _ = BROKEN[what]
    bend(newest(host), rewrite, is_young=True)
    with pytest.raises(ServerError, match="still being written"):
        read_all(session_of(host), ORDERS)


def test_a_file_that_grows_while_it_is_read_is_left_for_later(host: Host) -> None:
    turns = iter(range(1000))

    def write_on() -> float:
        if next(turns) == 2:
            with newest(host, "customers").open("ab") as file:
                file.write(b"\x40" * 200)
        return 0.0

    with pytest.raises(ServerError, match="changed while it was read"):
        read_all(session_of(host, write_on), CUSTOMERS)


def test_a_file_under_its_unfinished_name_is_never_read(host: Host) -> None:
    before = count(host)
    path = newest(host)
    later = path.with_name(path.name.replace("_000013", "_000014") + ".part")
    later.write_bytes(path.read_bytes()[:250])
    assert count(host) == before


@pytest.mark.parametrize("marks", [b"\x1a", b"\x1a" * 7])
def test_marks_of_the_end_are_no_record(host: Host, marks: bytes) -> None:
    before = count(host)
    bend(newest(host), lambda content: content + marks)
    assert count(host) == before


def test_a_file_sent_again_has_no_second_effect(host: Host) -> None:
    before = read_all(session_of(host), ORDERS)
    path = newest(host)
    again = datetime.now(ZONE)
    path.with_name(f"ORDERS_{again:%Y%m%d_%H%M%S}_{path.name[-10:]}").write_bytes(path.read_bytes())
    path.with_name(f"{path.stem}_COPY.dat").write_bytes(path.read_bytes())
    assert read_all(session_of(host), ORDERS) == before
    assert read_all(session_of(host), ORDERS, Window(again - timedelta(hours=1), again + timedelta(hours=1))) == []


def test_one_run_with_two_contents_is_refused(host: Host) -> None:
    path = newest(host)
    path.with_name(f"{path.stem}_COPY.dat").write_bytes(another_total(path.read_bytes()))
    with pytest.raises(BatchError, match="both say they are run 13, and differ"):
        read_all(session_of(host), ORDERS)


def test_a_missing_run_stops_the_reading_until_somebody_says_that_it_never_was(host: Host) -> None:
    before, lost = count(host), host.runs(KINDS["orders"], "out")[4]
    number = int(lost.stem[-6:])
    lost.unlink()
    with pytest.raises(
        BatchError, match=f"Run {number} of ORDERS is missing between {number - 1} and {number + 1}"
    ):
        read_all(session_of(host), ORDERS)
    assert 0 < len(read_all(session_of(host, orders_absent_runs=str(number)), ORDERS)) < before


def test_a_window_holds_the_runs_that_were_made_in_it(host: Host) -> None:
    session = session_of(host)
    runs = sorted({str(record["run"]["made_at"]) for record in read_all(session, ORDERS)})
    for stamp in (runs[0], runs[-1]):
        at = datetime.fromisoformat(stamp)
        within = read_all(session, ORDERS, Window(at, at + timedelta(seconds=1)))
        assert {record["run"]["made_at"] for record in within} == {stamp}
        assert read_all(session, ORDERS, Window(at - timedelta(hours=1), at)) == []


def test_times_are_those_of_the_host_in_summer_and_winter(host: Host, world: World) -> None:
    told = {str(item["order_number"]): item["ordered_at"] for item in world.records("ibm_i", "orders")}
    read = {str(record["ORDNO"]): record["ORDERED"] for record in read_all(session_of(host), ORDERS)}
    assert read == told
    assert {stamp[5:7] for stamp in told.values()} >= {"08", "10"}


def test_orders_come_as_the_host_wrote_them(host: Host, world: World) -> None:
    read = {record["ORDNO"]: record for record in read_all(session_of(host), ORDERS)}
    for told in world.records("ibm_i", "orders"):
        record = read[told["order_number"]]
        assert record["ORDTOT"] == told["total_amount"]
        assert record["CUSREF"] == told["customer_reference"]
        lines = [(line["ITEMNO"], line["LINAMT"]) for line in record["lines"]]
        assert lines == [(line["sku"], line["amount"]) for line in told["lines"]]


def test_of_full_files_only_the_newest_counts(host: Host, world: World) -> None:
    customers = list(world.records("ibm_i", "customers"))
    host.write_run("customers", 99, datetime(2026, 11, 2, tzinfo=UTC), customers[3:])
    read = read_all(session_of(host), CUSTOMERS)
    assert keys_of(CUSTOMERS, read) == [str(item["customer_number"]) for item in customers[3:]]
    names = {record["CUSNAM"] for record in read}
    assert names == {item["company_name"] for item in customers[3:]}
    assert any(set(name) & set("äöüßéè") for name in names)


def test_a_half_written_full_file_never_gives_way_to_the_one_before(host: Host, world: World) -> None:
    path = host.write_run("customers", 99, datetime(2026, 11, 2, tzinfo=UTC), [])
    bend(path, lambda content: content[:200], is_young=True)
    with pytest.raises(ServerError, match="still being written"):
        read_all(session_of(host), CUSTOMERS)


def acknowledge(host: Host, *numbers: int) -> list[End]:
    values = {"acknowledgement_status": "AC", "crm_order_number": "CRM-1"}
    changes = [Change(f"c{at}", None, "create", {}, {"order_number": str(at), **values}, {}) for at in numbers]
    assert ACKNOWLEDGEMENTS.writes
    outcomes = ACKNOWLEDGEMENTS.writes.writer.write(session_of(host), ACKNOWLEDGEMENTS, changes)
    return [outcome.end for outcome in outcomes]


def test_files_of_ours_are_numbered_on_and_found_when_the_host_has_taken_them(host: Host) -> None:
    before = count(host, ACKNOWLEDGEMENTS)
    assert acknowledge(host, 800001, 800002) == [End.CONFIRMED] * 2
    assert host.take() == 1
    assert acknowledge(host, 800002, 800003) == [End.CONFIRMED] * 2
    assert [path.name[-10:-4] for path in host.runs(KINDS["acknowledgements"], "in")] == ["000013"]
    assert [path.name for path in (host.folder / "in").glob("*.part")] == []
    keys = host.read_keys("acknowledgements")
    assert (len(keys), len(set(keys)), count(host, ACKNOWLEDGEMENTS)) == (before + 3, before + 3, before + 3)


def test_an_update_keeps_what_nobody_changed(host: Host) -> None:
    first = read_all(session_of(host), ACKNOWLEDGEMENTS)[0]
    guard = {"run_number": first["run"]["number"]}
    change = Change("c1", str(first["ORDNO"]), "update", {}, {"reason": "checked twice"}, guard)
    assert ACKNOWLEDGEMENTS.writes
    (outcome,) = ACKNOWLEDGEMENTS.writes.writer.write(session_of(host), ACKNOWLEDGEMENTS, [change])
    assert outcome.end is End.CONFIRMED
    last = read_all(session_of(host), ACKNOWLEDGEMENTS)[-1]
    assert (last["ORDNO"], last["REASON"]) == (first["ORDNO"], "checked twice")
    assert (last["CRMNO"], last["ACKSTS"]) == (first["CRMNO"], first["ACKSTS"])


def test_a_name_that_is_taken_is_never_written_over(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("", "RUN.dat", b"first")
    with pytest.raises(NameTakenError):
        folder.put("", "RUN.dat", b"second")
    assert [(entry.name, entry.size) for entry in folder.list("")] == [("RUN.dat", 5)]
    assert (tmp_path / "RUN.dat").read_bytes() == b"first"


def test_a_place_that_is_not_there_is_said(host: Host) -> None:
    away = replace(session_of(host).connection, url="file:///nowhere/at/all")
    with pytest.raises(ConfigurationError, match="is not there"):
        read_all(HttpSession(away, FileLogin()), ORDERS)
    with pytest.raises(ConfigurationError, match="neither file:///path nor sftp"):
        read_all(HttpSession(replace(away, url="https://example.com"), FileLogin()), ORDERS)
    with pytest.raises(ConfigurationError, match="time_zone"):
        read_all(session_of(host, time_zone="Europe/Nowhere"), ORDERS)
    with pytest.raises(ConfigurationError, match="is not there"):
        Folder(host.folder).look(Entry("out", "GONE.dat", 0, 0.0))


def test_the_newest_run_is_the_newest_when_the_clocks_go_back(host: Host) -> None:
    """Of 02:50 in summer time and 02:10 in winter time, the second came later."""
    number = host.runs(KINDS["acknowledgements"], "taken")[-1].stem[-6:]
    for place, (minute, reason) in enumerate([(50, "first"), (70, "second")], 1):
        record = {"order_number": 700001, "acknowledgement_status": "RJ", "reason": reason}
        made_at = datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=minute)
        host.write_run("acknowledgements", int(number) + place, made_at, [record])
    session, reader = session_of(host), ACKNOWLEDGEMENTS.read
    (page,) = reader.read_matching(session, ACKNOWLEDGEMENTS, "order_number", ["700001"])
    assert [b'"REASON":"second"' in bytes(raw) for raw in page] == [True]
    (page,) = reader.read_matching(session, ACKNOWLEDGEMENTS, "reason", ["first", "second"])
    assert [b'"REASON":"second"' in bytes(raw) for raw in page] == [True]
