"""An order of more lines than one page holds is read whole, and no longer set aside."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from concord.store.engine import Database
from concord.testing.bench import Bench, by_key, read_all
from concord.testing.benches import facts_of
from concord.testing.open_benches import AS_OF
from sandbox.world import generate
from tests.cases.landed import land_and_judge

MONEY = {"shopMoney": {"amount": "1.00", "currencyCode": "EUR"}}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    world = generate(7, as_of=AS_OF, customers=30, products=10, orders=30)
    with facts_of("shopify").open(world, tmp_path_factory.mktemp("shopify")) as bench:
        yield bench


def lines(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"gid://shopify/LineItem/{900_000 + number}",
            "sku": "A",
            "quantity": 1,
            "originalUnitPriceSet": MONEY,
        }
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [49, 50, 51, 60, 301, 600])
def test_all_lines_of_an_order_are_read(shop: Bench, database: str, count: int) -> None:
    resource, server = shop.system.resource("orders"), shop.desk.server  # type: ignore[attr-defined]  # the sandbox's
    key = str(read_all(shop.session(), resource)[0]["id"])
    server.control("edit", {"resource": "orders", "id": key, "set": {"lineItems": lines(count)}})
    order = by_key(resource, read_all(shop.session(), resource))[key]
    (page,) = resource.read.read_matching(shop.session(), resource, resource.key, [key])
    assert json.loads(bytes(page[0])) == json.loads(json.dumps(order, default=str))
    assert [line["id"] for line in order["lineItems"]["nodes"]] == [line["id"] for line in lines(count)]
    counts = land_and_judge(Database(database), "shopify/orders", [bytes(page[0])])
    assert (counts.validated, counts.quarantined) == (1, 0)


def test_all_lines_of_a_parcel_are_read(shop: Bench) -> None:
    resource, server = shop.system.resource("orders"), shop.desk.server  # type: ignore[attr-defined]  # the sandbox's
    orders = read_all(shop.session(), resource)
    order = next(order for order in orders if order["fulfillments"])
    shipped = [
        {"id": f"gid://shopify/FulfillmentLineItem/{number}", "quantity": 1, "lineItem": lines(1)[0]}
        for number in range(120)
    ]
    parcels = [{**order["fulfillments"][0], "fulfillmentLineItems": shipped}]
    server.control("edit", {"resource": "orders", "id": order["id"], "set": {"fulfillments": parcels}})
    found = by_key(resource, read_all(shop.session(), resource))[order["id"]]["fulfillments"]
    assert [len(parcel["fulfillmentLineItems"]["nodes"]) for parcel in found] == [120]
