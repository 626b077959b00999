"""A value of a SOAP document that cannot be read sets its record aside alone."""

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from concord.contract import System
from concord.protocols.session.client import HttpSession
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables
from tests.systems.soap_bench import customers_of, own_home, server, session, system
from tests.systems.soap_server import SoapServer
from tests.systems.soap_system import MONTH

__all__ = ["own_home", "server", "session", "system"]

NAME = "Möbel &amp; Söhne 7<".encode()
UNFIT = {
    "a control character": b"M\x0bbel",
    "a null character": b"M\0bel",
    "a reference to one": b"M&#11;bel",
    "a reference to half a character": b"M&#xD83D;bel",
    "another code page": b"M\xf6bel",
    "in CDATA": b"<![CDATA[M\x0b<bel]]>",
}
NEVER = "select _row from {batch} where false"


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    """Expectations that always hold."""
    meta = {"severity": "row", "reason": "never", "note": "A test."}
    item = {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": NEVER}, "meta": meta}
    folder = tmp_path / "suites" / "soapy"
    folder.mkdir(parents=True)
    (folder / "customers.json").write_text(json.dumps({"name": "soapy/customers", "expectations": [item]}))
    return folder.parent


@pytest.fixture
def read(database: str, session: HttpSession, system: System, suites: Path) -> Callable[[], BatchCounts]:
    """Reads the customers of the month as a night does."""

    def read_now() -> BatchCounts:
        store, resource = Database(database), customers_of(system)
        create_tables(store, system, resource)
        batch = extract_window(store, session, system=system, resource=resource, window=MONTH)
        return validate_batch(store, system=system, resource=resource, batch_id=batch, suites=suites)

    return read_now


def letters(database: str) -> list[tuple[object, ...]]:
    query = "select distinct record_key, message, payload from ops.dead_letters"
    with psycopg.connect(database) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("damage", UNFIT)
def test_what_xml_forbids_sets_its_record_aside_alone(
    database: str, server: SoapServer, read: Callable[[], BatchCounts], damage: str
) -> None:
    server.erp.damage = (NAME, UNFIT[damage] + b"<")
    counts = read()
    assert (counts.validated, counts.quarantined) == (59, counts.received - 59)
    ((key, message, payload),) = letters(database)
    assert (key, "not" in str(message)) == ("C0007", True)
    assert UNFIT[damage].decode("utf-8", "backslashreplace").replace("\0", "\\u0000") in str(payload)


@pytest.mark.parametrize(
    ("element", "wrong"),
    [("creditLimit", "7,50"), ("isBlocked", "maybe"), ("since", "2026-13-01"), ("version", "x")],
)
def test_a_value_that_is_not_of_its_type_is_not_taken_for_none(
    database: str, server: SoapServer, read: Callable[[], BatchCounts], element: str, wrong: str
) -> None:
    server.erp.customers["C0007"][element] = wrong
    counts = read()
    assert (counts.validated, counts.quarantined) == (59, counts.received - 59)
    ((key, message, payload),) = letters(database)
    assert (key, " is not " in str(message), wrong in str(payload)) == ("C0007", True, True)
