"""What the world says of the ERP is what Tryton's own client library reads there."""

from typing import Any

import pytest

from sandbox.tryton import server as tryton
from sandbox.world import World

pytestmark = pytest.mark.real
Found = dict[str, list[dict[str, Any]]]
ADDRESS = ("street", "city", "postal_code", "country_code")


@pytest.fixture(scope="module")
def found(instance: tryton.Instance) -> Found:
    return tryton.read_truth(instance)


def test_every_party_arrives_with_its_mechanisms_and_address(found: Found, small_world: World) -> None:
    parties = {party["code"]: party for party in found["parties"]}
    wanted = list(small_world.records("tryton", "parties"))
    assert len(wanted) == len(parties) - 1 > 50
    for record in wanted:
        held = parties[record["code"]]
        assert (held["name"], held["active"]) == (record["name"], record["active"])
        mechanisms = [{name: one[name] for name in ("type", "value")} for one in held["contact_mechanisms"]]
        addresses = [{name: one[name] for name in ADDRESS} for one in held["addresses"]]
        assert addresses == record["addresses"]
        assert mechanisms == record["contact_mechanisms"]


def test_every_product_arrives_with_price_and_stock(found: Found, small_world: World) -> None:
    stock = {product["code"]: (product["stock"], product["list_price"]) for product in found["products"]}
    assert len(stock) == 30
    assert stock == {r["code"]: (r["stock"], r["list_price"]) for r in small_world.records("tryton", "products")}


def test_every_sale_arrives_in_its_state(found: Found, small_world: World) -> None:
    sales = {sale["reference"]: (sale["state"], sale["total_amount"]) for sale in found["sales"]}
    assert sales == {
        r["reference"]: (r["state"], r["total_amount"]) for r in small_world.records("tryton", "sales")
    }
    assert len(sales) > 60
