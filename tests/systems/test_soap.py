"""Anything that speaks SOAP: read and written by declaration, through zeep, against a server with a WSDL."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import sql
from zeep.exceptions import DTDForbidden

from concord.contract import Change, End, Outcome, Resource, System, Window
from concord.errors import (
    AuthenticationError,
    ConcordError,
    ConfigurationError,
    NetworkError,
    RequestError,
    ServerError,
)
from concord.http.auth import BasicLogin
from concord.http.client import HttpSession, Ways
from concord.http.soap import MANNERS
from concord.http.soap_calls import EnvelopeLogin, SoapService, _refuse_doctype
from concord.settings import Connection
from concord.stages.extract import extract_window
from concord.store.engine import Database
from concord.store.tables import create_tables, typed_view
from tests.systems.bench import PATIENCE, by_key, keys_of, read_all
from tests.systems.soap_server import BEGIN, SoapServer, soap_server
from tests.systems.soap_system import ENDPOINT, MONTH, WSDL, declare


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
    return HttpSession(connection, BasicLogin(), Ways(MANNERS, PATIENCE))


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


def test_a_window_lands_in_the_types_of_the_wsdl(
    server: SoapServer, session: HttpSession, system: System, module_database: str
) -> None:
    database, resource = Database(module_database), customers_of(system)
    create_tables(database, system, resource)
    batch = extract_window(database, session, system=system, resource=resource, window=MONTH)
    view = typed_view(system, resource)
    query = "select count(*), count(*) filter (where _faults <> '{{}}'), sum(credit_limit_amount)::text, "
    query += "count(phone), min(changed_at), min(customer_since_date)::text from {} where _batch_id = %s"
    with database.transaction() as connection:
        row = connection.execute(sql.SQL(query).format(view), (batch,)).fetchone()
    assert row == (60, 0, "1800.00", 51, BEGIN, "2026-10-01")
    assert server.erp.calls["findCustomers"] == 3


def test_every_row_of_many_pages_comes_once_and_a_window_is_half_open(
    session: HttpSession, system: System
) -> None:
    resource = customers_of(system)
    keys = keys_of(resource, read_all(session, resource, size=7))
    assert len(keys) == len(set(keys)) == 60
    middle = BEGIN + timedelta(minutes=10)
    left = read_all(session, resource, Window(MONTH.start, middle))
    right = read_all(session, resource, Window(middle, MONTH.end))
    assert (len(left), len(right)) == (30, 30)
    assert read_all(session, resource, Window(MONTH.end, MONTH.end + timedelta(days=1))) == []


def test_pages_go_by_a_handle(server: SoapServer, session: HttpSession) -> None:
    paged = {"start": "", "handle": "handle", "handle_parameter": "handle", "next_operation": "nextCustomers"}
    resource = customers_of(declare("Port11", read={**paged, "more": "more"}))
    keys = keys_of(resource, read_all(session, resource))
    assert len(keys) == len(set(keys)) == 60
    assert server.erp.calls["nextCustomers"] == 4


def test_records_are_found_by_their_keys(session: HttpSession, system: System) -> None:
    resource = customers_of(system)
    pages = resource.read.read_matching(session, resource, "source_id", ["C0003", "C0059", "C9999"])
    assert len([raw for page in pages for raw in page]) == 2


def test_a_document_that_is_copied_is_not_asked_for_again(
    server: SoapServer, session: HttpSession, system: System
) -> None:
    for _ in range(2):
        assert len(read_all(session, customers_of(system))) == 60
    assert (server.erp.calls[WSDL], server.erp.calls["/services/types/customers.xsd"]) == (1, 1)


def test_a_copy_that_is_old_serves_while_the_host_is_down(server: SoapServer, session: HttpSession) -> None:
    service = SoapService(WSDL, ENDPOINT, wsdl_seconds=0.0)
    service.open(session)
    assert server.erp.calls[WSDL] == 1
    service.open(session)
    assert server.erp.calls[WSDL] == 2
    server.shutdown()
    server.server_close()
    assert service.open(session)


def test_without_a_copy_a_host_that_is_down_is_a_network_error(server: SoapServer, session: HttpSession) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(NetworkError):
        SoapService(WSDL, ENDPOINT).open(session)


def test_a_wsdl_of_ours_is_used_where_it_lies(server: SoapServer, session: HttpSession, tmp_path: Path) -> None:
    (tmp_path / "types").mkdir()
    for name, place in (("customers.wsdl", "ours.wsdl"), ("customers.xsd", "types/customers.xsd")):
        shutil.copy(Path(__file__).parent / name, tmp_path / place)
    service = SoapService(str(tmp_path / "ours.wsdl"), ENDPOINT)
    assert len(read_all(session, customers_of(declare("", read={"service": service})))) == 60
    assert server.erp.calls[WSDL] == 0


def test_what_is_no_wsdl_is_told_so(session: HttpSession) -> None:
    with pytest.raises(ConfigurationError, match="declares no service"):
        SoapService("/services/types/customers.xsd", ENDPOINT).open(session)
    with pytest.raises(ConfigurationError, match="names of service and port"):
        SoapService(WSDL, ENDPOINT, service="Nobody").open(session)


def test_a_document_in_the_content_is_no_document_type() -> None:
    inside = b'<?xml version="1.0"?>\n<!-- <!DOCTYPE x> --><a><![CDATA[<!DOCTYPE html>]]></a>'
    _refuse_doctype(inside)
    for attack in (b"\xef\xbb\xbf<?xml?> <!-- a --> <!DOCTYPE a>", "<!DOCTYPE a>".encode("utf-16")):
        with pytest.raises(DTDForbidden):
            _refuse_doctype(attack)


@pytest.mark.parametrize("attack", ["laughs", "external", "dtd"])
def test_an_answer_with_a_dtd_or_entities_is_refused(
    server: SoapServer, session: HttpSession, system: System, attack: str
) -> None:
    server.erp.plan.append(("findCustomers", attack))
    with pytest.raises(RequestError, match="no place in SOAP"):
        read_all(session, customers_of(system))
    assert not [path for path in server.erp.calls if "secret" in path]
    (change,) = updates(session, system, 1, phone="+49301")
    server.erp.plan.append(("saveCustomer", attack))
    assert write(session, system, [change])[0].end is End.UNKNOWN


@pytest.mark.parametrize("kind", ["server", "busy", "html", "broken", "cut_before", "cut_after"])
def test_a_read_that_failed_is_asked_again(
    server: SoapServer, session: HttpSession, system: System, kind: str
) -> None:
    server.erp.plan.append(("findCustomers", kind))
    assert len(read_all(session, customers_of(system))) == 60
    assert session.statistics.waited_seconds > 0


FAULTS: dict[str, tuple[type[ConcordError], str, int]] = {
    "client": (RequestError, r"Customer number missing.*E104", 1),
    "login": (AuthenticationError, "refuses the login", 1),
    "server": (ServerError, "Database down", 3),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_sorted_by_whose_it_is(
    server: SoapServer, session: HttpSession, system: System, kind: str
) -> None:
    error, words, calls = FAULTS[kind]
    server.erp.plan += [("findCustomers", kind)] * 3
    with pytest.raises(error, match=words):
        read_all(session, customers_of(system))
    assert server.erp.calls["findCustomers"] == calls


def test_changes_arrive_and_a_record_that_moved_is_left_alone(
    server: SoapServer, session: HttpSession, system: System
) -> None:
    changes = updates(session, system, 4, phone=None, credit_limit_amount="12.30")
    server.erp.customers[str(changes[0].key)]["version"] = "9"
    assert [item.end for item in write(session, system, changes)] == [End.CONFLICTED, *[End.CONFIRMED] * 3]
    now = by_key(customers_of(system), read_all(session, customers_of(system)))
    assert [(now[str(item.key)]["phone"], now[str(item.key)]["creditLimit"]) for item in changes[1:]] == [
        (None, "12.30")
    ] * 3
    assert server.erp.calls["saveCustomer"] == 3


def test_a_record_that_moves_at_the_last_moment_is_a_conflict(
    server: SoapServer, session: HttpSession, system: System
) -> None:
    (change,) = updates(session, system, 1, phone="+49301")
    resource = customers_of(system)
    unguarded = replace(change, guard={})
    assert resource.writes is not None
    (outcome,) = resource.writes.writer.write(session, resource, [unguarded])
    assert outcome.end is End.CONFLICTED
    assert server.erp.calls["saveCustomer"] == 1


def test_refusals_are_told_without_the_values(server: SoapServer, session: HttpSession, system: System) -> None:
    good, bad, worse = updates(session, system, 3, customer_name="!Secret GmbH")
    good = replace(good, after={"customer_name": "Open GmbH"})
    server.erp.plan.append(("saveCustomer", "client"))
    outcomes = write(session, system, [worse, good, bad])
    assert [item.end for item in outcomes] == [End.REJECTED, End.CONFIRMED, End.REJECTED]
    assert "E104" in outcomes[0].message
    assert outcomes[2].message.startswith("12: ")
    assert "Secret" not in outcomes[2].message


@pytest.mark.parametrize(
    ("kind", "is_done"), [("cut_after", True), ("late", True), ("cut_before", False), ("html", False)]
)
def test_a_lost_answer_is_an_unknown_outcome(
    server: SoapServer, session: HttpSession, system: System, kind: str, is_done: bool
) -> None:
    changes = updates(session, system, 2, phone="+49301")
    server.erp.plan.append(("saveCustomer", kind))
    assert [item.end for item in write(session, system, changes)] == [End.UNKNOWN, End.CONFIRMED]
    assert (server.erp.customers[str(changes[0].key)]["phone"] == "+49301") is is_done


def test_a_failure_of_the_service_is_unknown_unless_it_knows_its_messages(
    server: SoapServer, session: HttpSession
) -> None:
    blind, knowing = declare("Port11"), declare("Port12", write={"message_id": "messageId"})
    (change,) = updates(session, blind, 1, phone="+49301")
    server.erp.plan += [("saveCustomer", "server")] * 2
    assert write(session, blind, [change])[0].end is End.UNKNOWN
    with pytest.raises(ServerError, match="Database down"):
        write(session, knowing, [change])


def test_a_service_that_is_busy_has_done_nothing(server: SoapServer, session: HttpSession, system: System) -> None:
    changes = updates(session, system, 2, phone="+49301")
    server.erp.plan.append(("saveCustomer", "busy"))
    with pytest.raises(ServerError, match="COME BACK LATER"):
        write(session, system, changes)
    assert write(session, system, changes)[1].end is End.CONFIRMED


def test_a_creation_that_is_sent_again_is_the_same_record(server: SoapServer, session: HttpSession) -> None:
    system = declare("Port11", write={"message_id": "messageId"})
    change = Change("4711", None, "create", {}, {"customer_name": "New", "credit_limit_amount": "1.00"}, {})
    server.erp.plan.append(("addCustomer", "cut_after"))
    (lost,), (found,) = write(session, system, [change]), write(session, system, [change])
    assert (lost.end, found.end, found.key) == (End.UNKNOWN, End.CONFIRMED, "N0060")
    assert len(server.erp.customers) == 61


def test_what_the_wsdl_does_not_know_is_refused_before_it_is_sent(
    server: SoapServer, session: HttpSession
) -> None:
    system = declare("Port11", read={"constants": {"nonsense": 1}})
    with pytest.raises(RequestError, match="nonsense"):
        read_all(session, customers_of(system))
    assert server.erp.calls["findCustomers"] == 0


@pytest.mark.parametrize("security", ["text", "digest"])
def test_the_login_may_travel_in_the_envelope(server: SoapServer, security: str) -> None:
    connection = Connection("soapy_default", server.url, "batch", "secret")
    session = HttpSession(connection, EnvelopeLogin(), Ways(MANNERS, PATIENCE))
    service = SoapService(WSDL, ENDPOINT, port="Port12", service="CustomerService", security=security)
    resource = customers_of(declare("Port12", read={"service": service, "size": 100}))
    assert len(read_all(session, resource)) == 60
    assert server.erp.logins == ["batch"]
