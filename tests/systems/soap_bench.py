"""A SOAP server with a session on it, and a system declared for it with each version of SOAP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from concord.contract import Change, Outcome, Resource, System
from concord.protocols.session.auth import BasicLogin
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.soap.verdicts import RULES
from concord.settings import Connection
from concord.testing.bench import RETRY_LIMITS, read_all
from tests.systems.soap_server import SoapServer, soap_server
from tests.systems.soap_system import declare


@pytest.fixture(params=["Port11", "Port12"])
def system(request: pytest.FixtureRequest) -> System:
    return declare(request.param)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def server() -> Iterator[SoapServer]:
    with soap_server() as running:
        yield running


@pytest.fixture
def session(server: SoapServer) -> HttpSession:
    return open_session(server)


def open_session(server: SoapServer, **extra: str) -> HttpSession:
    connection = Connection("soapy_default", server.url, "batch", "secret", extra)
    return HttpSession(connection, BasicLogin(), SessionSettings(RULES, RETRY_LIMITS))


def customers_of(system: System) -> Resource:
    return system.resource("customers")


def updates(session: HttpSession, system: System, count: int, **values: object) -> list[Change]:
    records = list(read_all(session, customers_of(system)))[:count]
    return [
        Change(f"change-{item['custNo']}", item["custNo"], "update", {}, values, {"version": item["version"]})
        for item in records
    ]


def write(session: HttpSession, system: System, changes: list[Change]) -> list[Outcome]:
    resource = customers_of(system)
    assert resource.writes is not None
    outcomes = {item.change_id: item for item in resource.writes.writer.write(session, resource, changes)}
    return [outcomes[change.change_id] for change in changes]
