"""One damaged record of a file is set aside alone, with its bytes; the other records are read."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from concord.contract import Resource, Window
from concord.errors import BatchError
from concord.installed import PRODUCT
from concord.protocols.files.storage import FileLogin
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.testing.suite.test_reading import WHOLE
from sandbox.vendors.ibm_i.host import KINDS, Host, read_time
from sandbox.world import World

SYSTEM = system("ibm_i")
ORDERS, CUSTOMERS = SYSTEM.resource("orders"), SYSTEM.resource("customers")
LENGTH = 100
ORDER, LINE = 0xD6, 0xD3


@pytest.fixture
def host(tmp_path: Path, world: World) -> Host:
    found = Host(tmp_path / "host", ZoneInfo("UTC"))
    found.fill(world.of("ibm_i"))
    return found


def read(database: str, host: Host, resource: Resource = ORDERS, window: Window = WHOLE) -> BatchCounts:
    store = Database(database)
    create_tables(store, SYSTEM, resource)
    session = HttpSession(Connection("ibm_i_default", f"file://{host.folder}"), FileLogin())
    batch = extract_window(store, session, system=SYSTEM, resource=resource, window=window)
    suites = PRODUCT / "expectations"
    return validate_batch(store, system=SYSTEM, resource=resource, batch_id=batch, suites=suites)


def letters(database: str) -> list[tuple[object, ...]]:
    query = "select record_key, message, payload, state from ops.dead_letters order by record_key"
    with psycopg.connect(database) as connection:
        return connection.execute(query).fetchall()


def damage(path: Path, letter: int, offset: int, cell: str) -> bytes:
    """Overwrite a cell of the first record of a type; returns the record as it is then."""
    content = bytearray(path.read_bytes())
    at = next(at for at in range(0, len(content), LENGTH) if content[at] == letter)
    content[at + offset - 1 : at + offset - 1 + len(cell) // 2] = bytes.fromhex(cell)
    path.write_bytes(content)
    return bytes(content[at : at + LENGTH])


def newest(host: Host) -> Path:
    return host.runs(KINDS["orders"], "out")[-1]


CELLS = {
    "total": (ORDER, 43, "000a12345c", "ORDTOT"),
    "date": (ORDER, 31, "1261399f", "ORDDAT"),
    "text": (ORDER, 11, "0c15", "CUSREF"),
    "flag": (ORDER, 59, "e7", "DELFLG"),
    "count": (ORDER, 48, "f0f9f9", "LINCNT"),
    "price of a line": (LINE, 29, "4040404c5c", "UNTPRC"),
    "line of another order": (LINE, 2, "000999999c", "ORDNO"),
}


@pytest.mark.parametrize("what", CELLS)
def test_a_damaged_cell_sets_its_record_aside_and_no_other(database: str, host: Host, what: str) -> None:
    letter, offset, cell, column = CELLS[what]
    raw = damage(newest(host), letter, offset, cell)
    counts = read(database, host)
    assert (counts.received, counts.validated, counts.quarantined) == (60, 59, 1)
    ((key, message, payload, _),) = letters(database)
    told = json.loads(str(payload))
    assert key == str(told["ORDNO"])
    assert "bytes of the record do not mean what its layout says" in str(message)
    assert column in {defect["column"] for defect in told["defects"]}
    assert raw in [bytes.fromhex(piece) for piece in told["bytes"]]


@pytest.mark.parametrize("letter", [ORDER, LINE], ids=["an order", "a line"])
def test_a_record_of_no_known_type_is_set_aside_with_what_it_may_belong_to(
    database: str, host: Host, letter: int
) -> None:
    raw = damage(newest(host), letter, 1, "e9")
    counts = read(database, host)
    assert (counts.validated, counts.quarantined) == (59, 1 + (letter == LINE))
    told = [json.loads(str(payload)) for _, _, payload, _ in letters(database)]
    assert "is of no known type" in str(told)
    assert ("may belong to it" in str(told)) is (letter == LINE)
    assert raw in [bytes.fromhex(piece) for item in told for piece in item["bytes"]]


def test_a_damaged_key_sets_its_record_aside_too(database: str, host: Host) -> None:
    damage(newest(host), ORDER, 2, "00070z001c".replace("z", "f"))
    assert read(database, host).quarantined == 1
    ((key, message, _, _),) = letters(database)
    assert key is None
    assert "order_number is missing" in str(message)


def test_the_corrected_record_of_a_later_run_settles_the_letter(database: str, host: Host, world: World) -> None:
    damage(newest(host), ORDER, 43, "000a12345c")
    read(database, host)
    ((key, _, _, state),) = letters(database)
    assert state == "open"
    (record,) = [item for item in world.records("ibm_i", "orders") if str(item["order_number"]) == key]
    path = host.write_run("orders", record["run_number"] + 1, read_time("2026-11-08T00:00:00Z"), [record])
    assert path.exists()
    counts = read(database, host)
    assert (counts.received, counts.validated) == (61, 60)
    assert [row[3] for row in letters(database)] == ["resolved"]


def test_of_a_refused_file_nothing_is_read(database: str, host: Host) -> None:
    content = newest(host).read_bytes()
    newest(host).write_bytes(content[:LENGTH] + content[2 * LENGTH :])
    with pytest.raises(BatchError, match="refused as a whole"):
        read(database, host)
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "select (select count(*) from landing.ibm_i__orders), count(*) from ops.batches"
        )
        assert found.fetchall() == [(0, 0)]


def test_a_window_read_again_changes_nothing(database: str, host: Host) -> None:
    query = "select *, xmin::text from validated.ibm_i__orders order by _key"
    with psycopg.connect(database) as connection:
        read(database, host)
        first = connection.execute(query).fetchall()
        path = newest(host)
        path.with_name(f"{path.stem}_COPY.dat").write_bytes(path.read_bytes())
        read(database, host, window=Window(WHOLE.start, WHOLE.end.replace(day=2)))
        assert connection.execute(query).fetchall() == first


def test_customers_that_the_newest_full_file_lacks_are_gone(database: str, host: Host, world: World) -> None:
    read(database, host, CUSTOMERS)
    kept = list(world.records("ibm_i", "customers"))[:-2]
    host.write_run("customers", 90, read_time("2026-11-08T00:00:00Z"), kept)
    counts = read(database, host, CUSTOMERS, Window(WHOLE.start, WHOLE.end.replace(day=2)))
    assert counts.validated == len(kept)
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "select _is_deleted, count(*) from validated.ibm_i__customers group by 1 order by 1"
        )
        assert rows.fetchall() == [(False, len(kept)), (True, 2)]


def test_while_a_key_cannot_be_read_no_customer_counts_as_deleted(database: str, host: Host, world: World) -> None:
    gone = "select count(*) from validated.ibm_i__customers where _is_deleted"
    customers = list(world.records("ibm_i", "customers"))
    read(database, host, CUSTOMERS)
    path = host.write_run("customers", 90, read_time("2026-11-08T00:00:00Z"), customers[:-1])
    content = bytearray(path.read_bytes())
    content[201:205] = bytes.fromhex("00a0015c")
    path.write_bytes(content)
    counts = read(database, host, CUSTOMERS, Window(WHOLE.start, WHOLE.end.replace(day=2)))
    assert (counts.received, counts.quarantined) == (len(customers) - 1, 1)
    with psycopg.connect(database) as connection:
        assert connection.execute(gone).fetchall() == [(0,)]
        host.write_run("customers", 91, read_time("2026-11-09T00:00:00Z"), customers[:-1])
        read(database, host, CUSTOMERS, Window(WHOLE.start, WHOLE.end.replace(day=3)))
        assert connection.execute(gone).fetchall() == [(1,)]
