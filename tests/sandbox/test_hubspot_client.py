"""The vendor's own Python client works against the sandbox's HubSpot."""

from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm import contacts as crm
from hubspot.crm.companies import ApiException as CompaniesException
from hubspot.crm.contacts import ApiException

from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.vendors.hubspot.vendor import HubSpot as Vendor

DAY = "2026-11-{:02d}T08:00:00Z"


def record(number: int, **properties: Any) -> dict[str, Any]:
    return {
        "id": str(100 + number),
        "properties": properties,
        "createdAt": DAY.format(number),
        "updatedAt": DAY.format(number),
        "archived": False,
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hubspot")
    load("hubspot", folder, {})
    running = start("hubspot", folder)
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> HubSpot:
    server.control("reset", {"data": True})
    people = [
        record(number, email=f"ada{number}@example.com", firstname=f"Ada {number}") for number in range(1, 8)
    ]
    server.control("put", {"resource": "contacts", "records": people})
    server.control(
        "put", {"resource": "companies", "records": [record(1, name="Engines"), record(2, name="Looms")]}
    )
    server.control("put", {"resource": "deals", "records": [record(1, dealname="Order #1001", amount="12.50")]})
    found = HubSpot(access_token=Vendor.client[1])
    found.config["host"] = server.url
    return found


def test_lists_page_by_page_and_shows_what_was_asked_for(client: HubSpot) -> None:
    page = client.crm.contacts.basic_api.get_page(limit=5, properties=["email"])
    assert [item.properties["email"] for item in page.results][:2] == ["ada1@example.com", "ada2@example.com"]
    rest = client.crm.contacts.basic_api.get_page(limit=5, after=page.paging.next.after)
    assert ([item.id for item in rest.results], rest.paging) == (["106", "107"], None)
    assert len(client.crm.contacts.get_all()) == 7
    assert client.crm.deals.basic_api.get_by_id("101", properties=["amount"]).properties["amount"] == "12.50"


def test_searches_filter_sort_and_count(client: HubSpot) -> None:
    filters = [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": "2026-11-03T08:00:00Z"}]
    wanted = crm.PublicObjectSearchRequest(
        filter_groups=[{"filters": filters}],
        sorts=[{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
        properties=["firstname"],
        limit=2,
        after="2",
    )
    found = client.crm.contacts.search_api.do_search(wanted)
    assert ([item.id for item in found.results], found.total, found.paging.next.after) == (["105", "104"], 5, "4")


def test_no_search_leads_past_its_cap(client: HubSpot, server: Server) -> None:
    server.control("limits", {"search_cap": 5})
    search = client.crm.contacts.search_api.do_search
    assert search(crm.PublicObjectSearchRequest(limit=5)).total == 7
    with pytest.raises(ApiException) as refused:
        search(crm.PublicObjectSearchRequest(limit=5, after="5"))
    assert refused.value.status == 400


def test_creates_changes_and_archives(client: HubSpot) -> None:
    contacts = client.crm.contacts.basic_api
    made = contacts.create(crm.SimplePublicObjectInputForCreate(properties={"email": "New@Example.com"}))
    assert made.properties["email"] == "new@example.com"
    contacts.update(made.id, crm.SimplePublicObjectInput(properties={"city": "Bern"}))
    by_email = contacts.get_by_id("NEW@example.com", id_property="email", properties=["city"])
    assert (by_email.id, by_email.properties["city"]) == (made.id, "Bern")
    contacts.archive(made.id)
    gone = contacts.get_page(archived=True)
    assert [(item.id, item.archived) for item in gone.results] == [(made.id, True)]
    with pytest.raises(ApiException) as refused:
        contacts.get_by_id(made.id)
    assert refused.value.status == 404


def test_batches_tell_each_record_by_its_trace_id(client: HubSpot) -> None:
    values = {"row-1": {"city": "Bern"}, "row-2": {"email": "nobody at nowhere"}, "row-3": {"city": "Jena"}}
    inputs = [
        {"id": f"C{trace}", "idProperty": "concord_id", "properties": properties, "objectWriteTraceId": trace}
        for trace, properties in values.items()
    ]
    batch = client.crm.contacts.batch_api
    told = batch.upsert(crm.BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs))
    assert [(item.object_write_trace_id, item.new) for item in told.results] == [("row-3", True), ("row-1", True)]
    wanted = crm.BatchReadInputSimplePublicObjectId(
        inputs=[{"id": "Crow-1"}, {"id": "Crow-2"}],
        id_property="concord_id",
        properties=["city"],
        properties_with_history=[],
    )
    assert [item.properties["city"] for item in batch.read(wanted).results] == ["Bern"]


def test_without_trace_ids_or_by_email_a_batch_is_all_or_nothing(client: HubSpot) -> None:
    inputs = [{"id": "101", "properties": {"city": "Bern"}}, {"id": "102", "properties": {"email": "nobody"}}]
    with pytest.raises(ApiException) as refused:
        client.crm.contacts.batch_api.update(crm.BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert (refused.value.status, "INVALID_EMAIL" in refused.value.body) == (400, True)
    city = client.crm.contacts.basic_api.get_by_id("101", properties=["city"]).properties
    assert city.get("city") is None


@pytest.mark.parametrize("has_new_id", [True, False])
def test_what_was_merged_away_leads_to_its_heir(client: HubSpot, server: Server, has_new_id: bool) -> None:
    server.control("limits", {"merges_to_new_id": has_new_id})
    contacts = client.crm.contacts.basic_api
    heir = contacts.merge(crm.PublicMergeInput(primary_object_id="101", object_id_to_merge="102"))
    assert (heir.id != "101") is has_new_id
    found = contacts.get_by_id("102", properties=["hs_merged_object_ids", "firstname"])
    assert (found.id, found.properties["firstname"]) == (heir.id, "Ada 1")
    assert "102" in found.properties["hs_merged_object_ids"].split(";")
    assert "102" not in {item.id for item in contacts.get_page(limit=50).results}


def test_a_purge_leaves_nothing(client: HubSpot) -> None:
    contacts = client.crm.contacts.basic_api
    contacts.purge(crm.PublicGdprDeleteInput(object_id="ada3@example.com", id_property="email"))
    assert "103" not in {item.id for item in contacts.get_page(limit=50).results}
    assert contacts.get_page(archived=True).results == []


def test_refusals_reach_the_client(client: HubSpot, server: Server) -> None:
    with pytest.raises(ApiException) as taken:
        client.crm.contacts.basic_api.create(
            crm.SimplePublicObjectInputForCreate(properties={"email": "ada1@example.com"})
        )
    assert (taken.value.status, "Existing ID: 101" in taken.value.body) == (409, True)
    server.control("limits", {"daily": 0})
    with pytest.raises(CompaniesException) as spent:
        client.crm.companies.basic_api.get_page()
    assert (spent.value.status, '"policyName":"DAILY"' in spent.value.body) == (429, True)


def test_searches_have_a_limit_of_their_own(client: HubSpot, server: Server) -> None:
    server.control("limits", {"search_per_second": 2})
    search = client.crm.companies.search_api.do_search
    found = [search({"limit": 1}) for _ in range(2)]
    assert [page.total for page in found] == [2, 2]
    with pytest.raises(CompaniesException) as refused:
        search({"limit": 1})
    assert (refused.value.status, '"policyName":"SECONDLY"' in refused.value.body) == (429, True)
    assert client.crm.companies.basic_api.get_page().results
