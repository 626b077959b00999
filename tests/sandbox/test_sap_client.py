"""The published OData V2 client for Python works against the sandbox's SAP, from $metadata to $batch."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyodata
import pytest
import requests
from pyodata.exceptions import HttpError
from pyodata.v2.model import Config, PolicyIgnore

from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.vendors.sap.vendor import Sap
from sandbox.world import generate

PARTNERS, ORDERS = "API_BUSINESS_PARTNER", "API_SALES_ORDER_SRV"
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
OpenService = Callable[[str], pyodata.Client]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("sap")
    load("sap", folder, generate(7, as_of=AS_OF, customers=60, products=20, orders=40).of("sap"))
    server = start("sap", folder)
    yield server
    server.stop()


@pytest.fixture
def service(server: Server) -> Iterator[OpenService]:
    """A client of one service, with the token of its session in every call, as its documentation does it."""
    server.control("limits", {"page_size": 1000})
    opened: list[requests.Session] = []

    def open_service(name: str) -> pyodata.Client:
        http = requests.Session()
        http.trust_env, http.auth = False, Sap.client
        url = f"{server.url}/sap/opu/odata/sap/{name}/"
        http.headers["X-CSRF-Token"] = http.head(url, headers={"X-CSRF-Token": "Fetch"}, timeout=10).headers[
            "x-csrf-token"
        ]
        opened.append(http)
        return pyodata.Client(url, http, config=Config(default_error_policy=PolicyIgnore()))

    yield open_service
    for http in opened:
        http.close()


def test_the_description_names_types_and_navigations(service: OpenService) -> None:
    schema = service(ORDERS).schema
    order = schema.entity_type("A_SalesOrderType")
    assert [key.name for key in order.key_proprties] == ["SalesOrder"]
    assert order.proprty("LastChangeDateTime").typ.name == "Edm.DateTimeOffset"
    assert order.nav_proprty("to_Item").to_role.entity_type_name == "A_SalesOrderItemType"


def test_pages_are_counted_filtered_and_followed(server: Server, service: OpenService) -> None:
    server.control("limits", {"page_size": 5})
    partners = service(PARTNERS).entity_sets.A_BusinessPartner
    total = partners.get_entities().count().execute()
    page = partners.get_entities().count(inline=True).execute()
    found = [item.BusinessPartner for item in page]
    while page.next_url:
        page = partners.get_entities().next_url(page.next_url).execute()
        found += [item.BusinessPartner for item in page]
    assert page.total_count == total == len(found) == len(set(found)) > 20
    assert found == sorted(found)
    companies = partners.get_entities().filter("BusinessPartnerCategory eq '2'").top(3).execute()
    assert [item.BusinessPartnerCategory for item in companies] == ["2"] * 3


def test_values_come_as_their_types(service: OpenService) -> None:
    order = service(ORDERS).entity_sets.A_SalesOrder.get_entities().expand("to_Item").top(1).execute()[0]
    assert order.LastChangeDateTime.tzinfo is not None
    assert order.SalesOrderDate.year == 2026
    assert sum(float(item.NetAmount) for item in order.to_Item) == pytest.approx(float(order.TotalNetAmount))
    assert order.etag.startswith("W/\"datetimeoffset'2026-")


def test_addresses_are_reached_from_their_partner(service: OpenService) -> None:
    client = service(PARTNERS)
    partner = client.entity_sets.A_BusinessPartner.get_entities().top(1).execute()[0]
    (address,) = partner.nav("to_BusinessPartnerAddress").get_entities().execute()
    same = client.entity_sets.A_BusinessPartnerAddress.get_entity(
        BusinessPartner=partner.BusinessPartner, AddressID=address.AddressID
    ).execute()
    assert (same.CityName, same.BusinessPartner) == (address.CityName, partner.BusinessPartner)


@pytest.mark.parametrize(("mark", "status"), [(None, 428), ('W/"old"', 412)], ids=["missing", "stale"])
def test_a_change_needs_the_present_etag(service: OpenService, mark: str | None, status: int) -> None:
    partners = service(PARTNERS).entity_sets.A_BusinessPartner
    partner = partners.get_entities().filter("BusinessPartnerCategory eq '2'").top(1).execute()[0]
    update = partners.update_entity(partner.BusinessPartner).set(SearchTerm1="CHANGED")
    if mark:
        update.add_headers({"If-Match": mark})
    with pytest.raises(HttpError) as refused:
        update.execute()
    assert refused.value.response.status_code == status
    guarded = partners.update_entity(partner.BusinessPartner).set(SearchTerm1="CHANGED")
    guarded.add_headers({"If-Match": partner.etag})
    guarded.execute()
    assert partners.get_entity(partner.BusinessPartner).execute().SearchTerm1 == "CHANGED"


def test_an_order_is_created_with_its_items(service: OpenService) -> None:
    orders = service(ORDERS).entity_sets.A_SalesOrder
    model = orders.get_entities().expand("to_Item").top(1).execute()[0]
    made = orders.create_entity().set(
        SalesOrderType="OR",
        SalesOrganization="1710",
        DistributionChannel="10",
        OrganizationDivision="00",
        SoldToParty=model.SoldToParty,
        PurchaseOrderByCustomer="PYODATA-1",
        TransactionCurrency="EUR",
        to_Item=[{"Material": model.to_Item[0].Material, "RequestedQuantity": "3"}],
    )
    number = made.execute().SalesOrder
    found = orders.get_entities().filter("PurchaseOrderByCustomer eq 'PYODATA-1'").execute()
    assert [item.SalesOrder for item in found] == [number]


def test_changesets_of_a_batch_fail_whole_and_alone(service: OpenService) -> None:
    client = service(PARTNERS)
    partners = client.entity_sets.A_BusinessPartner
    companies = partners.get_entities().filter("BusinessPartnerCategory eq '2'").top(3).execute()

    def changeset(*changes: tuple[object, str]) -> object:
        found = client.create_changeset()
        for partner, term in changes:
            update = partners.update_entity(partner.BusinessPartner).set(SearchTerm1=term)
            update.add_headers({"If-Match": partner.etag})
            found.add_request(update)
        return found

    first, second, third = companies
    good = client.create_batch()
    good.add_request(changeset((first, "ALONE")))
    good.execute()
    bad = client.create_batch()
    bad.add_request(changeset((second, "FINE"), (third, "MUCH TOO LONG FOR A SEARCH TERM")))
    with pytest.raises(HttpError, match="400"):
        bad.execute()
    terms = [partners.get_entity(item.BusinessPartner).execute().SearchTerm1 for item in companies]
    assert terms == ["ALONE", second.SearchTerm1, third.SearchTerm1]


def test_a_write_without_the_sessions_token_is_refused(server: Server) -> None:
    url = f"{server.url}/sap/opu/odata/sap/{PARTNERS}/A_BusinessPartner('1')"
    answer = requests.patch(url, json={}, auth=Sap.client, headers={"X-CSRF-Token": "mine"}, timeout=10)
    assert (answer.status_code, answer.headers["x-csrf-token"]) == (403, "Required")
    assert "CSRF token validation failed" in answer.text
