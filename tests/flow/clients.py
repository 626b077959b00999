"""The shop and the CRM as their vendors' own Python clients read them, in the shape their APIs give."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import shopify
from simple_salesforce import Salesforce

from sandbox.launch import Server, start
from sandbox.server.tokens import CLIENT_ID, CLIENT_SECRET

FORM = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
SHOP = {
    "customers": """customers(first: 50, after: $after) { pageInfo { hasNextPage endCursor } nodes {
        id firstName lastName note defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber }
        defaultAddress { company address1 city zip countryCodeV2 } } }""",
    "product_variants": """productVariants(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { id sku price } }""",
    "inventory_items": """inventoryItems(first: 50, after: $after) { pageInfo { hasNextPage endCursor } nodes {
        id sku inventoryLevels(first: 5) { nodes { quantities(names: ["available"]) { quantity } } } } }""",
    "orders": """orders(first: 10, after: $after) { pageInfo { hasNextPage endCursor } nodes {
        id email note cancelledAt
        fulfillments(first: 5) { status displayStatus trackingInfo(first: 5) { company number } } } }""",
}
CRM = {
    "accounts": "select Id, Name, BillingStreet, BillingCity, BillingPostalCode, BillingCountry, AccountNumber, "
    "IsDeleted from Account",
    "contacts": "select Id, FirstName, LastName, Email, Phone, AccountId, IsDeleted from Contact",
    "orders": "select Id, Status, Delivery_Status__c, IsDeleted from Order",
}


@contextmanager
def shop_session(server: Server) -> Iterator[None]:
    """ShopifyAPI, logged in at the sandbox."""
    granted = requests.post(f"{server.url}/admin/oauth/access_token", data=FORM, timeout=10).json()
    session = shopify.Session("sandbox.myshopify.com", "unstable", granted["access_token"])
    shopify.ShopifyResource.activate_session(session)
    shopify.ShopifyResource.set_site(f"{server.url}/admin/api/2026-10")
    yield
    shopify.ShopifyResource.clear_session()


def read_shop(server: Server) -> dict[str, list[dict[str, Any]]]:
    """Everything the night may have written there, page by page."""
    with shop_session(server):
        return {name: list(_nodes(selection)) for name, selection in SHOP.items()}


def _nodes(selection: str) -> Iterator[dict[str, Any]]:
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        query = f"query ($after: String) {{ {selection} }}"
        answer = json.loads(shopify.GraphQL().execute(query, {"after": page["endCursor"]}))
        (connection,) = answer["data"].values()
        page = connection["pageInfo"]
        for node in connection["nodes"]:
            if "inventoryLevels" in node:
                node["inventoryLevels"] = node["inventoryLevels"]["nodes"]
            yield node


def read_crm(server: Server) -> dict[str, list[dict[str, Any]]]:
    """The same of the CRM; its client speaks TLS alone, so a second server opens the same records."""
    secure = start("salesforce", server.data_dir, tls=True)
    try:
        with requests.Session() as http:
            http.verify = str(secure.ca_file)
            http.trust_env = False
            granted = http.post(f"{secure.url}/services/oauth2/token", data=FORM, timeout=10).json()
            client = Salesforce(
                instance=f"127.0.0.1:{secure.port}",
                session_id=granted["access_token"],
                version="67.0",
                session=http,
            )
            return {name: client.query_all(soql, include_deleted=True)["records"] for name, soql in CRM.items()}
    finally:
        secure.stop()
