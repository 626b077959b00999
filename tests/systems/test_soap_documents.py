"""Documents of a SOAP service: the WSDL and its copy, and documents with a DTD or entities, which are refused."""

import shutil
from pathlib import Path

import pytest
from zeep.exceptions import DTDForbidden

from concord.contract import End, System
from concord.errors import ConfigurationError, NetworkError, RequestError
from concord.protocols.session.client import HttpSession
from concord.protocols.soap.calls import SoapService, _refuse_doctype
from concord.testing.bench import read_all
from tests.systems.soap_bench import customers_of, own_home, server, session, system, updates, write
from tests.systems.soap_server import SoapServer
from tests.systems.soap_system import ENDPOINT, WSDL, declare

__all__ = ["own_home", "server", "session", "system"]


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


def test_what_the_wsdl_does_not_know_is_refused_before_it_is_sent(
    server: SoapServer, session: HttpSession
) -> None:
    system = declare("Port11", read={"constants": {"nonsense": 1}})
    with pytest.raises(RequestError, match="nonsense"):
        read_all(session, customers_of(system))
    assert server.erp.calls["findCustomers"] == 0
