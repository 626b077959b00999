"""Writes by SOAP: conflicts, refusals, lost responses, and message ids."""

from dataclasses import replace
from typing import Any

import pytest

from concord.contract import Change, End, Field, System
from concord.errors import ServerError
from concord.protocols.session.client import HttpSession
from concord.testing.bench import by_key, read_all
from tests.systems.soap_bench import customers_of, own_home, server, session, system, updates, write
from tests.systems.soap_server import SoapServer
from tests.systems.soap_system import declare

__all__ = ["own_home", "server", "session", "system"]


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


ADDRESS = {
    "street": "Am Kanal 1",
    "city": "Potsdam",
    "distance": "12.50",
    "movedIn": "2026-10-01",
    "ramp": "true",
    "door": [{"name": "front", "opensAt": "09:30:00"}, {"name": "yard"}],
}


def with_city(**options: Any) -> System:
    """A system that writes the city within an address, which the service replaces as a whole."""
    system = declare("Port11", **options)
    resource = customers_of(system)
    assert resource.writes is not None
    fields = (*resource.fields, Field("address.city", "city"))
    writes = replace(resource.writes, update=resource.writes.update | {"city"})
    return replace(system, resources=(replace(resource, fields=fields, writes=writes),))


@pytest.mark.parametrize(
    "options",
    [{"kept": frozenset({"address"})}, {"kept": frozenset({""}), "left_out": frozenset({"changedAt"})}],
    ids=["a part", "the whole record"],
)
def test_a_part_that_the_service_replaces_keeps_what_is_not_changed(
    server: SoapServer, session: HttpSession, options: dict[str, Any]
) -> None:
    system = with_city(write=options)
    (change,) = updates(session, system, 1, city="Bern")
    server.erp.customers[str(change.key)]["address"] = ADDRESS
    before = dict(server.erp.customers[str(change.key)])
    assert [item.end for item in write(session, system, [change])] == [End.CONFIRMED]
    after = server.erp.customers[str(change.key)]
    assert after["address"] == {**ADDRESS, "city": "Bern"}
    assert {**before, "version": "2", "address": after["address"]} == after


def test_a_part_with_elements_that_the_wsdl_does_not_name_is_not_written(
    server: SoapServer, session: HttpSession
) -> None:
    system = with_city(write={"kept": frozenset({"address"})})
    (change,) = updates(session, system, 1, city="Bern")
    server.erp.customers[str(change.key)]["address"] = address = {**ADDRESS, "gate": "4711"}
    (outcome,) = write(session, system, [change])
    assert (outcome.end, "does not name" in outcome.message) == (End.REJECTED, True)
    assert server.erp.customers[str(change.key)]["address"] == address


def test_a_part_of_which_nothing_changes_is_not_sent(server: SoapServer, session: HttpSession) -> None:
    system = with_city(write={"kept": frozenset({"address"})})
    (change,) = updates(session, system, 1, phone="+49301")
    server.erp.customers[str(change.key)]["address"] = address = {**ADDRESS, "gate": "4711"}
    assert [item.end for item in write(session, system, [change])] == [End.CONFIRMED]
    assert server.erp.customers[str(change.key)]["address"] == address
