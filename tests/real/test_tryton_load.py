"""Tryton's own client library reads the same records as the world has of the ERP."""

import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.ports import HOST
from sandbox.real_servers import RealServerError
from sandbox.vendors.tryton import server as tryton
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


def test_a_taken_port_is_said_in_one_sentence(instance: tryton.Instance) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(RealServerError, match=rf"port {port} because it is taken; choose another one\.$"):
            tryton.start(replace(instance, port=port))


def test_a_server_that_cannot_start_says_why_and_where_its_log_is(
    instance: tryton.Instance, tmp_path: Path
) -> None:
    broken = replace(instance, folder=tmp_path)
    broken.configuration.write_text("[web]\nlisten = 127.0.0.1:no-port\n")
    with pytest.raises(RealServerError, match=re.escape(str(broken.log))) as caught:
        tryton.start(broken)
    assert "no-port" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_refused_edit_says_what_tryton_said(instance: tryton.Instance, small_world: World) -> None:
    done = next(sale for sale in small_world.records("tryton", "sales") if sale["state"] == "done")
    with pytest.raises(RealServerError, match='You can not call "cancel"'):
        tryton.edit(instance, "cancel", done["reference"])


def test_a_password_is_never_shown(instance: tryton.Instance) -> None:
    assert len(instance.password) > 20
    assert instance.password not in repr(instance)
    assert (instance.folder / "password").stat().st_mode & 0o077 == 0
