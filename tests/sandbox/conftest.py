"""Running vendors with a few records in them, and small clients that speak to them over real sockets."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.server.tokens import CLIENT_ID, CLIENT_SECRET
from tests.sandbox import records


class Shop:
    """A client of the shop that hides nothing of what came back."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = requests.Session()
        self.login()

    def login(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        granted = requests.post(f"{self.server.url}/admin/oauth/access_token", data=form, timeout=10)
        self.http.headers["X-Shopify-Access-Token"] = granted.json()["access_token"]

    def post(
        self, query: str, variables: dict[str, Any] | None = None, version: str = "2026-10"
    ) -> requests.Response:
        address = f"{self.server.url}/admin/api/{version}/graphql.json"
        return self.http.post(address, json={"query": query, "variables": variables or {}}, timeout=10)

    def ask(self, query: str, variables: dict[str, Any] | None = None, version: str = "2026-10") -> dict[str, Any]:
        return self.post(query, variables, version).json()

    def customer_pages(self, size: int = 4, limit: int = 50) -> list[list[str]]:
        """The ids of each page until the shop says there are no more, or `limit` pages have come."""
        pages, cursor = [], None
        while len(pages) < limit:
            page = self.ask(records.CUSTOMER_PAGE, {"first": size, "after": cursor})["data"]["customers"]
            pages.append([node["id"] for node in page["nodes"]])
            if not page["pageInfo"]["hasNextPage"]:
                break
            cursor = page["pageInfo"]["endCursor"]
        return pages


class Crm:
    """A client of the CRM."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = requests.Session()
        self.login()

    def login(self) -> None:
        form = {"grant_type": "client_credentials"}
        address = f"{self.server.url}/services/oauth2/token"
        granted = requests.post(address, data=form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=10)
        self.http.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"

    def call(self, method: str, path: str, **given: Any) -> requests.Response:
        return self.http.request(method, f"{self.server.url}/services/data/v67.0/{path}", timeout=10, **given)

    def query(self, soql: str, *, with_deleted: bool = False) -> dict[str, Any]:
        return self.call("GET", "queryAll" if with_deleted else "query", params={"q": soql}).json()

    def upsert(self, *rows: dict[str, Any], all_or_none: bool = False) -> Any:
        body = {"allOrNone": all_or_none, "records": [{"attributes": {"type": "Account"}, **row} for row in rows]}
        return self.call("PATCH", "composite/sobjects/Account/Concord_Id__c", json=body).json()


@pytest.fixture(scope="module")
def shop_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _running("shopify", tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def crm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _running("salesforce", tmp_path_factory.mktemp("crm"))


def _running(vendor: str, folder: Path) -> Iterator[Server]:
    load(vendor, folder, records.OF[vendor]())
    server = start(vendor, folder)
    yield server
    server.stop()


@pytest.fixture
def shop(shop_server: Server) -> Shop:
    restore(shop_server)
    return Shop(shop_server)


@pytest.fixture
def crm(crm_server: Server) -> Crm:
    restore(crm_server)
    return Crm(crm_server)


def restore(server: Server) -> None:
    """The records and limits as at the start, so that tests may run in any order."""
    server.control("reset", {"data": True})
    for resource, rows in records.OF[server.vendor]().items():
        server.control("put", {"resource": resource, "records": rows})


@pytest.fixture
def plant(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Plants a fault at the vendor whose client the test asked for."""

    def plant_at(client: Shop | Crm, kind: str, operation: str = ".", **rule: Any) -> None:
        outer = {name: rule.pop(name) for name in ("skip", "times") if name in rule}
        client.server.control(
            "faults", {"match": {"operation": operation}, "fault": {"kind": kind, **rule}, **outer}
        )

    return plant_at
