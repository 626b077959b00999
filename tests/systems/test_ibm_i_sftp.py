"""The host's folders over a real SFTP server: host keys, logins, and equal bytes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from concord.errors import AuthenticationError, ConfigurationError, NetworkError
from concord.protocols.files.depot import Depot
from concord.protocols.files.storage import FileLogin
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import RETRY_LIMITS, read_all
from sandbox.ports import choose_port
from sandbox.vendors.ibm_i.host import Host
from sandbox.world import World
from tests.systems.sftp_server import PASSPHRASE, NoServerError, SftpServer, fingerprint, make_key, sftp_server

SYSTEM = system("ibm_i")
CUSTOMERS = SYSTEM.resource("customers")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    try:
        with sftp_server(tmp_path_factory.mktemp("sftp") / "ssh") as found:
            yield found
    except NoServerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, world: World) -> Host:
    found = Host(tmp_path_factory.mktemp("host"), ZoneInfo("UTC"))
    found.fill(world.of("ibm_i"))
    return found


@pytest.fixture
def connection(server: SftpServer, host: Host) -> Connection:
    extra = {"host_key": server.host_key, "private_key": server.private_key}
    return Connection("ibm_i_default", server.url(host.folder), server.user, PASSPHRASE, extra)


def session_of(connection: Connection, **extra: str) -> HttpSession:
    told = replace(connection, extra={**connection.extra, **extra})
    return HttpSession(told, FileLogin(), SessionSettings(SYSTEM.rules, RETRY_LIMITS))


@pytest.mark.parametrize("resource", SYSTEM.resources, ids=lambda resource: resource.name)
def test_the_same_records_come_from_afar_as_from_here(connection: Connection, host: Host, resource: Any) -> None:
    here = session_of(Connection("here", f"file://{host.folder}"))
    assert read_all(session_of(connection), resource) == read_all(here, resource) != []


def test_a_host_that_nobody_vouched_for_is_not_logged_in_to(connection: Connection, server: SftpServer) -> None:
    with pytest.raises(ConfigurationError, match="knows none; ask the host's administrator") as caught:
        read_all(session_of(connection, host_key=""), CUSTOMERS)
    assert server.host_key in caught.value.message


def test_a_host_with_another_key_is_not_logged_in_to(connection: Connection, tmp_path: Path) -> None:
    make_key(tmp_path / "other", "")
    with pytest.raises(ConfigurationError, match=r"shows another host key .* nothing was sent"):
        read_all(session_of(connection, host_key=fingerprint(tmp_path / "other.pub")), CUSTOMERS)


def test_a_key_in_a_file_will_do(connection: Connection, server: SftpServer) -> None:
    session = session_of(connection, private_key="", private_key_file=str(server.control / "client"))
    assert read_all(session, CUSTOMERS)
    with pytest.raises(ConfigurationError, match="key file"):
        read_all(session_of(connection, private_key="", private_key_file="/nowhere"), CUSTOMERS)


@pytest.mark.parametrize("private_key", ["", "no key at all"])
def test_what_the_server_does_not_accept_is_said(connection: Connection, private_key: str) -> None:
    with pytest.raises(AuthenticationError, match='the login of connection "ibm_i_default"') as caught:
        read_all(session_of(connection, private_key=private_key), CUSTOMERS)
    assert PASSPHRASE not in caught.value.message


def test_a_server_that_is_away_may_come_back(connection: Connection) -> None:
    away = replace(connection, url=f"sftp://127.0.0.1:{choose_port()}/")
    session = session_of(away)
    with pytest.raises(NetworkError):
        read_all(session, CUSTOMERS)
    assert session.statistics.waited_seconds > 0


def test_a_folder_that_is_not_there_is_said(connection: Connection) -> None:
    with pytest.raises(ConfigurationError, match="out is not on the server"):
        read_all(session_of(replace(connection, url=f"{connection.url}/nowhere")), CUSTOMERS)


def test_a_file_of_ours_arrives_whole_or_not_at_all(
    connection: Connection, server: SftpServer, host: Host
) -> None:
    content = bytes(range(256)) * 2000
    (server.control / "plan").write_text("begin cut_after\n")
    with Depot(session_of(connection)) as depot:
        depot.put("in", "LARGE.dat", content)
    assert [path.name for path in (host.folder / "in").iterdir()] == ["LARGE.dat"]
    assert (host.folder / "in" / "LARGE.dat").read_bytes() == content
