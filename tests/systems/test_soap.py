"""Reading by SOAP: windows, pages, lookups, faults, and logins in the envelope."""

from dataclasses import replace
from datetime import timedelta

import pytest
from psycopg import sql

from concord.contract import System, Window
from concord.errors import (
    AuthenticationError,
    ConcordError,
    RequestError,
    ServerError,
)
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.soap.calls import EnvelopeLogin, SoapService
from concord.protocols.soap.verdicts import RULES
from concord.settings import Connection
from concord.stages.extract.read_window import extract_window
from concord.store.engine import Database
from concord.store.tables import create_tables, typed_view
from concord.testing.bench import RETRY_LIMITS, keys_of, read_all
from tests.systems.soap_bench import customers_of, own_home, server, session, system
from tests.systems.soap_server import BEGIN, SoapServer
from tests.systems.soap_system import ENDPOINT, MONTH, WSDL, declare

__all__ = ["own_home", "server", "session", "system"]


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
    assert server.erp.calls["findCustomers"] == 4  # the last page brings nothing new, which is the end


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


def test_rows_that_move_up_while_they_are_paged_are_read(server: SoapServer, session: HttpSession) -> None:
    reader = replace(customers_of(declare("Port11")).read, size=7)
    pages = reader.read_keys(session, customers_of(declare("Port11")))
    listed = next(pages)
    for key in listed[:6]:
        del server.erp.customers[key]
    listed += [key for page in pages for key in page]
    assert sorted(set(listed)) == [f"C{number:04d}" for number in range(60)]


def test_a_page_that_does_not_say_whether_more_follow_is_refused(session: HttpSession) -> None:
    resource = customers_of(declare("Port11", read={"more": "nothingOfTheKind"}))
    with pytest.raises(ServerError, match="does not say"):
        read_all(session, resource)


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


@pytest.mark.parametrize("security", ["text", "digest"])
def test_the_login_may_travel_in_the_envelope(server: SoapServer, security: str) -> None:
    connection = Connection("soapy_default", server.url, "batch", "secret")
    session = HttpSession(connection, EnvelopeLogin(), SessionSettings(RULES, RETRY_LIMITS))
    service = SoapService(WSDL, ENDPOINT, port="Port12", service="CustomerService", security=security)
    resource = customers_of(declare("Port12", read={"service": service, "size": 100}))
    assert len(read_all(session, resource)) == 60
    assert set(server.erp.logins) == {"batch"}
