"""A file whose name is not UTF-8 lies beside the agreed ones: it is left alone and told, and they are read."""

import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from concord.errors import ConfigurationError
from concord.protocols.files.depot import Depot
from concord.protocols.files.storage import FileLogin
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import keys_of, read_all
from sandbox.vendors.ibm_i.host import Host, read_time
from tests.systems.sftp_server import PASSPHRASE, NoServerError, SftpServer, sftp_server

CUSTOMERS = system("ibm_i").resource("customers")
NAMES = [b"Kundenliste_M\xfcller.txt", b"CUSTMAST_20261128_220000_000014_M\xfcller.dat", b"\xff\xfe"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    host = Host(tmp_path / "host", ZoneInfo("UTC"))
    for name in ("out", "in", "taken"):
        (host.folder / name).mkdir(parents=True)
    record = {"customer_number": 10015, "company_name": "Müller", "credit_limit": "0", "balance_due": "0"}
    host.write_run("customers", 13, read_time("2026-11-01T00:00:00Z"), [record])
    for item in NAMES:
        Path(os.fsdecode(os.fsencode(host.folder / "out") + b"/" + item)).write_bytes(b"x")
    return host.folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    try:
        with sftp_server(tmp_path_factory.mktemp("sftp") / "ssh") as found:
            yield found
    except NoServerError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["local", "sftp"])
def session(request: pytest.FixtureRequest, folder: Path) -> HttpSession:
    connection = Connection("ibm_i_default", f"file://{folder}")
    if request.param == "sftp":
        server = request.getfixturevalue("server")
        extra = {"host_key": server.host_key, "private_key": server.private_key}
        connection = Connection("ibm_i_default", server.url(folder), server.user, PASSPHRASE, extra)
    return HttpSession(connection, FileLogin())


def test_the_agreed_files_are_read_and_the_foreign_ones_are_told(
    session: HttpSession, caplog: pytest.LogCaptureFixture
) -> None:
    assert keys_of(CUSTOMERS, read_all(session, CUSTOMERS)) == ["10015"]
    told = [record.getMessage() for record in caplog.records if "not UTF-8" in record.getMessage()]
    assert len(told) == len(NAMES)
    assert any("Kundenliste_M\\xfcller.txt" in line for line in told)
    assert all(line.encode() for line in told)


def test_a_foreign_name_is_listed_in_a_form_that_can_be_printed(session: HttpSession) -> None:
    with Depot(session) as depot:
        names = [entry.name for entry in depot.list("out")]
    assert len(names) == 4
    assert "\\xff\\xfe" in names
    assert all(name.encode() for name in names)


def test_a_file_with_a_foreign_name_that_is_asked_for_is_a_sentence(session: HttpSession) -> None:
    with Depot(session) as depot:
        entry = next(entry for entry in depot.list("out") if "\\x" in entry.name)
        with pytest.raises(ConfigurationError, match="is not"):
            depot.look(entry)
