"""Customers that a night creates in an ERP are compared with the world, and so are their orders."""

from copy import deepcopy
from typing import Any

import pytest

from sandbox.referee.flat_records import FLAT
from sandbox.referee.written_records import judge_written_records
from sandbox.world import World
from sandbox.world.customers import Customer, make_customers
from tests.unit.test_referee_created_orders import After, lacking, new_ledger_order, new_sales_order, world

__all__ = ["world"]
Record = dict[str, Any]


@pytest.fixture
def after(world: World) -> After:
    """What the ERPs hold."""
    found: After = {}
    for system, resource in FLAT:
        if system in ("netsuite", "sap"):
            found.setdefault(system, {})[resource] = deepcopy([*world.records(system, resource)])
    return found


def customer_of(world: World, index: int) -> Customer:
    return next(item for item in make_customers(world.settings) if item.index == index)


def new_partner(world: World, index: int) -> tuple[Record, Record]:
    """The customer of this number as SAP is given it, as a partner and its address."""
    customer = customer_of(world, index)
    name = {"FirstName": customer.first_name, "LastName": customer.last_name}
    place = {"StreetName": customer.street, "CityName": customer.city, "PostalCode": customer.postal_code}
    return {
        "BusinessPartner": "0009000001",
        **({"OrganizationBPName1": customer.company_name} if customer.company_name else name),
        "BusinessPartnerIDByExtSystem": "CUS-1",
    }, {
        "BusinessPartner": "0009000001",
        **place,
        "Country": customer.country_code,
        "to_EmailAddress": [{"EmailAddress": customer.email}],
        "to_PhoneNumber": [{"PhoneNumber": customer.phone}],
    }


def new_ledger_customer(world: World, index: int) -> Record:
    """The customer of this number as the ledger is given it."""
    customer = customer_of(world, index)
    place = {"addr1": customer.street, "city": customer.city, "zip": customer.postal_code}
    address = {**place, "country": {"id": customer.country_code}}
    name = {"firstName": customer.first_name, "lastName": customer.last_name}
    return {
        "id": "9000009",
        **({"companyName": customer.company_name} if customer.company_name else name),
        "email": customer.email,
        "phone": customer.phone,
        "addressBook": {"items": [{"addressBookAddress": address}]},
    }


def judged(world: World, after: After) -> list[str]:
    return judge_written_records(world, after, []).wrong


def test_a_new_buyer_is_created_with_true_values_and_gets_its_order(world: World, after: After) -> None:
    order = lacking(world, "netsuite", by_new_customer=True)
    created = new_ledger_customer(world, order.customer_index)
    ledger = after["netsuite"]
    booked = {**new_ledger_order(ledger["sales_orders"][0], order), "entity": {"id": created["id"]}}
    ledger["sales_orders"].append(booked)
    assert [text.partition(" of ")[0] for text in judged(world, after)] == [f"netsuite: order {order.number}"]
    ledger["customers"].append(created)
    assert judged(world, after) == []


@pytest.mark.parametrize("change", [{"phone": "+4930111"}, {"email": "nobody@else.example"}])
def test_a_new_buyer_with_another_ones_value_is_wrong(world: World, after: After, change: Record) -> None:
    order = lacking(world, "netsuite", by_new_customer=True)
    created = new_ledger_customer(world, order.customer_index)
    after["netsuite"]["customers"].append({**created, **change})
    assert len(judged(world, after)) == 1


def test_a_customer_that_the_ledger_has_may_not_be_created_again(world: World, after: After) -> None:
    known = lacking(world, "netsuite").customer_index
    after["netsuite"]["customers"].append(new_ledger_customer(world, known))
    assert len(judged(world, after)) == 1


def test_a_new_partner_is_judged_with_its_address_and_its_order(world: World, after: After) -> None:
    order = lacking(world, "sap", by_new_customer=True)
    partner, address = new_partner(world, order.customer_index)
    sap = after["sap"]
    booked = new_sales_order(sap["A_SalesOrder"][0], order)
    sap["A_SalesOrder"].append({**booked, "SoldToParty": partner["BusinessPartner"]})
    sap["A_BusinessPartner"].append(partner)
    sap["A_BusinessPartnerAddress"].append(address)
    assert judged(world, after) == []
    address["CityName"] = "Elsewhere"
    assert len(judged(world, after)) == 2, "both of its records are wrong"
    sap["A_BusinessPartnerAddress"].pop()
    assert len(judged(world, after)) == 2, "nobody is known by a name alone, and so nobody has ordered"
