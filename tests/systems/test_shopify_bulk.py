"""Large windows of the shop are read by bulk operations; a failed one is reported, and nothing of it lands."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from concord.contract import Resource, Window
from concord.errors import ConcordError, RateLimitError, RequestError, ServerError
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.testing.bench import RETRY_LIMITS, Bench, by_key, keys_of, read_all
from concord.testing.sandbox_desk import SandboxDesk

WHOLE = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
NAMES = ["customers", "products", "inventory_levels", "orders", "fulfillment_orders"]
PATH = "/admin/api/2026-10/graphql.json"
RUN = "mutation($q: String!) {bulkOperationRunQuery(query: $q) {bulkOperation {id url} userErrors {code message}}}"
STATE = "query($id: ID!) {bulkOperation(id: $id) {status url}}"


@dataclass
class Shop:
    """The shop with its control desk, and sessions of which the limits are low."""

    bench: Bench

    def session(self, **extra: str) -> HttpSession:
        connection = replace(
            self.bench.connection, extra={**self.bench.connection.extra, "bulk_polls": "12", **extra}
        )
        retry_limits = replace(RETRY_LIMITS, longest_wait=0.05)
        return HttpSession(
            connection, self.bench.new_auth(), SessionSettings(self.bench.system.rules, retry_limits)
        )

    def bulk_session(self) -> HttpSession:
        return self.session(bulk_read_above="10")

    def resource(self, name: str) -> Resource:
        return self.bench.system.resource(name)

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        assert isinstance(self.bench.desk, SandboxDesk)
        return self.bench.desk.server.control(path, *([] if body is None else [body]))

    def limit(self, **limits: object) -> None:
        self.control("limits", {f"bulk_{name}": value for name, value in limits.items()})

    def calls(self, operation: str) -> int:
        return int(self.control("counts")["attempts"].get(operation, 0))

    def ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        found: dict[str, Any] = msgspec.json.decode(self.session().send("POST", PATH, body=body))["data"]
        return found

    def start(self, query: str) -> dict[str, Any]:
        started: dict[str, Any] = self.ask(RUN, {"q": query})["bulkOperationRunQuery"]
        return started


@pytest.fixture
def shop(shopify: Bench) -> Iterator[Shop]:
    found = Shop(shopify)
    found.control("reset", {})
    yield found
    found.control("reset", {})


@pytest.mark.parametrize("name", NAMES)
def test_a_bulk_operation_reads_what_pages_read(shop: Shop, name: str) -> None:
    resource = shop.resource(name)
    small = read_all(shop.session(), resource, WHOLE)
    assert (shop.calls("bulkOperationRunQuery"), len(small) > 20) == (0, True)
    large = read_all(shop.bulk_session(), resource, WHOLE)
    assert shop.calls("bulkOperationRunQuery") == 1
    assert len(large) == len(small)
    assert by_key(resource, large) == by_key(resource, small)


def test_lines_and_fulfilments_are_among_what_is_compared(shop: Shop) -> None:
    found = read_all(shop.bulk_session(), shop.resource("orders"), WHOLE)
    lines = [line for order in found for line in order["lineItems"]["nodes"]]
    items = [
        item
        for order in found
        for fulfilment in order["fulfillments"]
        for item in fulfilment["fulfillmentLineItems"]["nodes"]
    ]
    assert (len(lines) > len(found), len(items) > 20) == (True, True)
    assert all("__parentId" not in line for line in lines)


def test_a_small_window_costs_no_operation(shop: Shop) -> None:
    resource = shop.resource("orders")
    stamps = sorted(datetime.fromisoformat(order["updatedAt"]) for order in read_all(shop.session(), resource))
    window = Window(stamps[0], stamps[0] + timedelta(seconds=1))
    assert 1 <= len(read_all(shop.bulk_session(), resource, window)) <= 10
    assert (shop.calls("bulkOperationRunQuery"), shop.calls("ordersCount")) == (0, 2)


def test_a_window_read_in_bulk_keeps_to_its_bounds(shop: Shop) -> None:
    resource = shop.resource("orders")
    every = read_all(shop.session(), resource)
    stamps = sorted(datetime.fromisoformat(order["updatedAt"]) for order in every)
    window = Window(stamps[10], stamps[-10])
    inside = [order for order in every if window.start <= datetime.fromisoformat(order["updatedAt"]) < window.end]
    assert sorted(keys_of(resource, read_all(shop.bulk_session(), resource, window))) == sorted(
        keys_of(resource, inside)
    )
    assert shop.calls("bulkOperationRunQuery") == 1


def test_an_order_with_more_lines_than_a_page_holds_is_whole(shop: Shop) -> None:
    resource = shop.resource("orders")
    before = read_all(shop.session(), resource)[0]
    money = {"shopMoney": {"amount": "1.00", "currencyCode": "EUR"}}
    lines = [
        {"id": f"gid://shopify/LineItem/{number}", "sku": "MANY", "quantity": 1, "originalUnitPriceSet": money}
        for number in range(900_000, 900_120)
    ]
    shop.control("edit", {"resource": "orders", "id": before["id"], "set": {"lineItems": lines}})
    try:
        paged = by_key(resource, read_all(shop.session(), resource))[before["id"]]["lineItems"]
        whole = by_key(resource, read_all(shop.bulk_session(), resource))[before["id"]]["lineItems"]
    finally:
        kept = before["lineItems"]["nodes"]
        shop.control("edit", {"resource": "orders", "id": before["id"], "set": {"lineItems": kept}})
    assert [line["id"] for line in whole["nodes"]] == [line["id"] for line in lines]
    assert paged == whole
    assert whole["pageInfo"] == {"hasNextPage": False}


def test_no_records_are_no_file(shop: Shop) -> None:
    empty = Window(datetime(2090, 1, 1, tzinfo=UTC), datetime(2091, 1, 1, tzinfo=UTC))
    assert read_all(shop.session(bulk_read_above="0"), shop.resource("orders"), empty) == []
    assert (shop.calls("bulkOperationRunQuery"), shop.calls("ordersCount")) == (1, 0)


def test_a_file_that_is_cut_off_is_fetched_again(shop: Shop) -> None:
    resource = shop.resource("orders")
    before = read_all(shop.session(), resource, WHOLE)
    shop.limit(fault={"kind": "truncated", "files": 2})
    assert by_key(resource, read_all(shop.bulk_session(), resource, WHOLE)) == by_key(resource, before)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"kind": "truncated", "files": 3}, "came broken 3 times .*bytes.*nothing was kept, run the task again"),
        ({"kind": "failed"}, "Shopify gave it up .TIMEOUT.; run the task again, or read shorter windows"),
        ({"kind": "expired"}, "took longer than Shopify lets it; read shorter windows"),
        ({"kind": "canceled"}, "somebody cancelled it; run the task again"),
        ({"kind": "stuck"}, "does not come to an end .it is RUNNING.*run the task again"),
    ],
    ids=["truncated", "failed", "expired", "canceled", "stuck"],
)
def test_an_operation_without_a_whole_result_lands_nothing(shop: Shop, fault: dict[str, Any], says: str) -> None:
    shop.limit(fault=fault)
    resource, landed = shop.resource("orders"), []
    with pytest.raises(ServerError, match=says):
        landed.extend(resource.read.read_window(shop.bulk_session(), resource, WHOLE))
    assert landed == []
    assert shop.calls("bulkOperationCancel") == (fault["kind"] == "stuck")


def test_a_sixth_operation_waits_for_its_turn(shop: Shop) -> None:
    shop.limit(seconds=1.0)
    query = "{orders {edges {node {id}}}}"
    assert [shop.start(query)["userErrors"] for _ in range(5)] == [[]] * 5
    assert shop.start(query)["userErrors"][0]["code"] == "OPERATION_IN_PROGRESS"
    found = read_all(shop.session(bulk_read_above="10", bulk_polls="200"), shop.resource("orders"), WHOLE)
    assert len(found) > 20
    assert shop.calls("bulkOperationRunQuery") > 7


def test_where_no_room_comes_free_it_says_so(shop: Shop) -> None:
    shop.limit(seconds=600, concurrency=1)
    assert shop.start("{orders {edges {node {id}}}}")["userErrors"] == []
    with pytest.raises(RateLimitError, match="as many bulk operations as it may"):
        read_all(shop.session(bulk_read_above="0", bulk_polls="2"), shop.resource("orders"), WHOLE)


def test_several_resources_are_read_in_bulk_at_once(shop: Shop) -> None:
    counts: dict[str, int | ConcordError] = {}

    def read(name: str) -> None:
        try:
            counts[name] = len(read_all(shop.bulk_session(), shop.resource(name), WHOLE))
        except ConcordError as error:
            counts[name] = error

    threads = [threading.Thread(target=read, args=(name,)) for name in NAMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert counts == {name: shop.bench.desk.count(shop.resource(name)) for name in NAMES}


def test_the_file_lies_where_a_session_does_not_go_and_wants_no_credentials(shop: Shop) -> None:
    shop.limit(seconds=0)
    job = shop.start("{orders {edges {node {id}}}}")["bulkOperation"]
    url = shop.ask(STATE, {"id": job["id"]})["bulkOperation"]["url"]
    assert urlsplit(url).hostname != urlsplit(shop.bench.connection.url).hostname
    with pytest.raises(RequestError, match="points to another host"):
        shop.session().send("GET", url)
    with pytest.raises(RequestError):
        shop.session().send("GET", urlsplit(url).path)


def test_the_shop_refuses_what_cannot_be_run_in_bulk(shop: Shop) -> None:
    below_a_list = "fulfillments(first: 5) {id fulfillmentLineItems {edges {node {id}}}}"
    refused = shop.start(f"{{orders {{edges {{node {{id {below_a_list}}}}}}}}}")["userErrors"]
    assert "connection field within a list field" in refused[0]["message"]
    assert shop.start("{orders {edges {node {name}}}}")["userErrors"][0]["code"] == "INVALID"
