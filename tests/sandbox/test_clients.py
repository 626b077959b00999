"""The vendors' own Python clients work against the sandbox, the CRM's over TLS."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import shopify
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.server.tokens import CLIENT_ID, CLIENT_SECRET
from tests.sandbox import records
from tests.sandbox.conftest import Shop, restore
from tests.sandbox.records import account, customer


@pytest.fixture
def session(shop: Shop) -> Iterator[Shop]:
    """ShopifyAPI, pointed at the sandbox."""
    site = f"{shop.server.url}/admin/api/2026-10"
    token = str(shop.http.headers["X-Shopify-Access-Token"])
    shopify.ShopifyResource.activate_session(shopify.Session("sandbox.myshopify.com", "unstable", token))
    shopify.ShopifyResource.set_site(site)
    yield shop
    shopify.ShopifyResource.clear_session()


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("tls")
    load("salesforce", folder, records.crm())
    server = start("salesforce", folder, tls=True)
    yield server
    server.stop()


@pytest.fixture
def salesforce(tls_server: Server) -> Salesforce:
    """simple-salesforce, trusting the sandbox's own authority and no other."""
    restore(tls_server)
    http = requests.Session()
    http.verify = str(tls_server.ca_file)
    http.trust_env = False
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    granted = http.post(f"{tls_server.url}/services/oauth2/token", data=form, timeout=10).json()
    return Salesforce(
        instance=f"127.0.0.1:{tls_server.port}", session_id=granted["access_token"], version="67.0", session=http
    )


FULFIL = """mutation($of: ID!) { fulfillmentCreate(fulfillment: {
    lineItemsByFulfillmentOrder: [{fulfillmentOrderId: $of}], trackingInfo: {company: "FedEx", number: "7949"}
    }) { fulfillment { id status trackingInfo { number } } userErrors { field message } } }"""
EVENT = """mutation($of: ID!) { fulfillmentEventCreate(fulfillmentEvent: {fulfillmentId: $of, status: DELIVERED})
    { fulfillmentEvent { status } userErrors { message } } }"""
CANCEL = "mutation($of: ID!) { fulfillmentCancel(id: $of) { fulfillment { status } userErrors { message } } }"
LEFT = """{ fulfillmentOrders(first: 9, query: "order_id:1", includeClosed: %s) { nodes { id status orderName
    fulfillments(first: 3) { nodes { displayStatus fulfillmentLineItems(first: 9) { nodes { quantity } } } }
    } } }"""


def execute(query: str, **variables: str) -> dict[str, Any]:
    """The data of one GraphQL call of ShopifyAPI."""
    found: dict[str, Any] = json.loads(shopify.GraphQL().execute(query, variables))["data"]
    return found


@pytest.mark.usefixtures("session")
def test_shopify_fulfillment_from_parcel_to_cancellation() -> None:
    order = "gid://shopify/FulfillmentOrder/1"
    made = execute(FULFIL, of=order)["fulfillmentCreate"]
    assert (made["fulfillment"]["status"], made["userErrors"]) == ("SUCCESS", [])
    assert "unfulfillable" in execute(FULFIL, of=order)["fulfillmentCreate"]["userErrors"][0]["message"]
    key = made["fulfillment"]["id"]
    assert execute(EVENT, of=key)["fulfillmentEventCreate"]["fulfillmentEvent"] == {"status": "DELIVERED"}
    (closed,) = execute(LEFT % "true")["fulfillmentOrders"]["nodes"]
    (parcel,) = closed["fulfillments"]["nodes"]
    assert (closed["status"], closed["orderName"], parcel["displayStatus"]) == ("CLOSED", "#1001", "DELIVERED")
    assert [line["quantity"] for line in parcel["fulfillmentLineItems"]["nodes"]] == [1, 2, 3]
    assert execute(LEFT % "false")["fulfillmentOrders"]["nodes"] == []
    assert execute(CANCEL, of=key)["fulfillmentCancel"]["fulfillment"] == {"status": "CANCELLED"}
    assert execute(CANCEL, of=key)["fulfillmentCancel"]["userErrors"]
    (again,) = execute(LEFT % "false")["fulfillmentOrders"]["nodes"]
    assert (again["status"], again["fulfillments"]["nodes"], again["id"] != order) == ("OPEN", [], True)


def test_shopify_graphql(session: Shop) -> None:
    answer = json.loads(shopify.GraphQL().execute(records.CUSTOMER_PAGE, {"first": 3}))
    assert [node["id"] for node in answer["data"]["customers"]["nodes"]] == [customer(1), customer(2), customer(3)]


def test_shopify_rest_lists_page_by_link_header(session: Shop) -> None:
    page = shopify.Customer.find(limit=5, updated_at_min="2026-11-02T00:00:00Z")
    numbers = [found.id for found in page]
    while page.has_next_page():
        page = page.next_page()
        numbers += [found.id for found in page]
    assert numbers == list(range(2, 13))


def test_shopify_rest_single_and_count(session: Shop) -> None:
    order = shopify.Order.find(2)
    assert (order.name, order.total_price, len(order.line_items)) == ("#1002", "59.4", 3)
    assert (shopify.Order.count(), shopify.Customer.count()) == (3, 12)


def test_salesforce_queries(salesforce: Salesforce) -> None:
    assert salesforce.query("SELECT Id FROM Account")["totalSize"] == 6
    everything = salesforce.query_all("SELECT Id FROM Account", include_deleted=True)
    assert [record["Id"] for record in everything["records"]] == [account(number) for number in range(1, 8)]


def test_salesforce_creates_changes_upserts_and_deletes(salesforce: Salesforce) -> None:
    made = salesforce.Account.create({"Name": "New"})["id"]
    assert salesforce.Account.update(made, {"Concord_Id__c": "C1"}) == 204
    assert salesforce.Account.upsert("Concord_Id__c/C1", {"Name": "Newer"}) == 200
    assert salesforce.Account.get_by_custom_id("Concord_Id__c", "C1")["Name"] == "Newer"
    assert salesforce.Account.delete(made) == 204
    assert salesforce.query_all("SELECT Id FROM Account WHERE Concord_Id__c = 'C1'")["records"] == []


def test_salesforce_describes_and_tells_deletions(salesforce: Salesforce) -> None:
    fields = {field["name"]: field for field in salesforce.Order.describe()["fields"]}
    assert (fields["Shop_Order__c"]["externalId"], fields["TotalAmount"]["updateable"]) == (True, False)
    assert (fields["Wholesale_Order__c"]["unique"], fields["Wholesale_Amount__c"]["updateable"]) == (True, True)
    november = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)
    gone = salesforce.Account.deleted(*november)["deletedRecords"]
    assert account(7) in [record["id"] for record in gone]


def test_salesforce_errors_reach_the_client(salesforce: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        salesforce.query("SELECT ShoeSize FROM Account")
    assert refused.value.content[0]["errorCode"] == "INVALID_FIELD"
