"""What makes a customer and a price in SAP: role, sales area and address of a partner, and condition records."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from concord.contract import Change, End
from concord.protocols.odata.service import Version, write_literal
from concord.testing.bench import Bench, read_all
from concord.testing.suite.test_read_back import BRINGING
from tests.systems.benches.sap import new_record

FindBench = Callable[[str], Bench]


@pytest.fixture
def sap(bench: FindBench) -> Bench:
    return bench("sap")


def with_extra(sap: Bench, **extra: str) -> Bench:
    return replace(sap, connection=replace(sap.connection, extra=extra))


def create(found: Bench, resource_name: str, **changed: object) -> Any:
    session, resource = found.session(), found.system.resource(resource_name)
    values = {**new_record(found, session, resource, 7), **changed}
    assert resource.writes is not None
    (outcome,) = resource.writes.writer.write(session, resource, [Change("new", None, "create", {}, values, {})])
    return outcome


def held(found: Bench, key: str) -> Mapping[str, Any]:
    partner: Mapping[str, Any] = found.desk.raw(found.system.resource("business_partners"), key)
    return partner


def test_a_new_partner_can_order_at_once(sap: Bench) -> None:
    partner = create(sap, "business_partners")
    assert (partner.end, len(partner.key)) == (End.CONFIRMED, 7)
    assert [role["BusinessPartnerRole"] for role in held(sap, partner.key)["to_BusinessPartnerRole"]] == ["FLCU01"]
    assert create(sap, "sales_orders", partner_source_id=partner.key).end is End.CONFIRMED


def test_a_partners_address_is_read_back_with_it(sap: Bench) -> None:
    assert BRINGING == [("sap", "business_partners")]
    resource = sap.system.resource("business_partners")
    assert resource.writes is not None
    brought = {sap.system.resource(other).field(name).path for other, name in resource.writes.brings.items()}
    assert brought == {"BusinessPartner"}


def test_a_new_partner_has_its_address_with_mail_and_telephone(sap: Bench) -> None:
    partner = create(sap, "business_partners")
    addresses = read_all(sap.session(), sap.system.resource("addresses"))
    (address,) = [item for item in addresses if item["BusinessPartner"] == partner.key]
    assert (address["StreetName"], address["HouseNumber"], address["Country"]) == ("Am Kanal", "1", "DE")
    assert [item["EmailAddress"] for item in address["to_EmailAddress"]["results"]] == ["new7@example.com"]
    assert [item["PhoneNumber"] for item in address["to_PhoneNumber"]["results"]] == ["+493012345678"]


def test_the_connection_says_in_which_sales_area_and_role_a_partner_is_created(sap: Bench) -> None:
    other = with_extra(sap, sales_organization="2000", partner_role="ZCUST", customer_currency="CHF")
    partner = create(other, "business_partners")
    record = held(sap, partner.key)
    assert [role["BusinessPartnerRole"] for role in record["to_BusinessPartnerRole"]] == ["ZCUST"]
    (area,) = record["to_Customer"][0]["to_CustomerSalesArea"]
    assert (area["SalesOrganization"], area["DistributionChannel"], area["Currency"]) == ("2000", "10", "CHF")
    refused = create(sap, "sales_orders", partner_source_id=partner.key)
    assert refused.end is End.REJECTED
    assert "not maintained for sales area" in refused.message


def test_prices_are_those_of_the_condition_type_and_sales_area_of_the_connection(sap: Bench) -> None:
    prices = sap.system.resource("prices")
    found = read_all(sap.session(), prices)
    assert len(found) == 4 * len(read_all(sap.session(), sap.system.resource("products"))) > 100
    assert {item["to_SlsPrcgConditionRecord"]["ConditionRateValueUnit"] for item in found} == {"EUR"}
    assert read_all(with_extra(sap, price_condition_type="O'PR").session(), prices) == []
    assert read_all(with_extra(sap, distribution_channel="20").session(), prices) == []


def test_a_day_in_ticks_is_a_day_in_a_filter() -> None:
    last = write_literal(Version.V2, "/Date(253402214400000)/", "Edm.DateTime")
    assert last == "datetime'9999-12-31T00:00:00'"
