"""Vendors as processes: they keep their data, leave with their parent, and load from files."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.launch import Server, StartError, start
from sandbox.load import load, load_folder
from sandbox.ports import choose_port
from sandbox.vendors.registry import find_vendors
from tests.sandbox import records
from tests.sandbox.conftest import Crm, Shop
from tests.sandbox.records import customer


def test_a_killed_vendor_keeps_data_tokens_and_effects(tmp_path: Path) -> None:
    load("salesforce", tmp_path, records.crm())
    first = start("salesforce", tmp_path)
    crm = Crm(first)
    made = crm.upsert({"Concord_Id__c": "G1", "Name": "One"})[0]["id"]
    os.kill(first.process.pid, signal.SIGKILL)
    first.stop()
    second = start("salesforce", tmp_path, port=first.port)
    crm.server = second
    assert crm.call("GET", f"sobjects/Account/{made}").json()["Name"] == "One"
    assert second.control("counts")["effects"] == {"collection_upsert:Account": 1}
    second.stop()


def test_a_locator_outlives_a_restart(tmp_path: Path) -> None:
    load("salesforce", tmp_path, records.crm())
    server = start("salesforce", tmp_path)
    server.control("limits", {"batch_size": 4})
    crm = Crm(server)
    following = crm.query("SELECT Id FROM Account")["nextRecordsUrl"]
    server.stop()
    crm.server = start("salesforce", tmp_path)
    rest = crm.http.get(f"{crm.server.url}{following}", timeout=10).json()
    crm.server.stop()
    assert (len(rest["records"]), rest["done"]) == (2, True)


def test_a_vendor_leaves_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from sandbox.launch import start; "
        "server = start('shopify', Path(sys.argv[1])); print(server.process.pid, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    parent = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    child = int(parent.stdout.readline())
    handle = os.pidfd_open(child)
    parent.kill()
    parent.communicate()
    poll = select.poll()
    poll.register(handle)
    assert poll.poll(10_000), "the vendor still runs"
    os.close(handle)


def test_an_occupied_port_is_said(tmp_path: Path) -> None:
    port = choose_port()
    server = start("shopify", tmp_path / "a", port=port)
    try:
        with pytest.raises(StartError, match="address already in use"):
            start("salesforce", tmp_path / "b", port=port)
    finally:
        server.stop()


def test_files_of_a_world_are_loaded_in_any_spelling(tmp_path: Path) -> None:
    for vendor, resource, rows in (
        ("shopify", "productVariants", records.shop()["product_variants"]),
        ("salesforce", "accounts", records.crm()["Account"]),
    ):
        file = tmp_path / "world" / vendor / f"{resource}.ndjson"
        file.parent.mkdir(parents=True)
        file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    loaded = load_folder(tmp_path / "data", tmp_path / "world")
    assert loaded == {"shopify": {"product_variants": 4}, "salesforce": {"Account": 7}}
    assert load_folder(tmp_path / "data", tmp_path / "world") == loaded
    shop = Shop(start("shopify", tmp_path / "data"))
    products = shop.ask("{ products(first: 9) { nodes { id title variants(first: 2) { nodes { sku } } } } }")
    shop.server.stop()
    assert len(products["data"]["products"]["nodes"]) == 4
    assert products["data"]["products"]["nodes"][0]["variants"]["nodes"] == [{"sku": "SKU-1"}]


def test_an_unknown_resource_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no collection 'shoes'"):
        load("shopify", tmp_path, {"shoes": []})


def test_all_vendors_start_and_end_together(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "serve", "--vendor", "all", "--data", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    urls = json.loads(process.stdout.readline())
    vendors = {requests.get(f"{url}/__control/health", timeout=10).json()["vendor"] for url in urls.values()}
    process.terminate()
    process.communicate(timeout=20)
    assert vendors == set(urls) == set(find_vendors())
    assert len(vendors) > 8
    for url in urls.values():
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=5)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Server]:
    server = start("plain", tmp_path)
    server.control("limits", {"count": 2500, "seed": 3})
    yield server
    server.stop()


def test_the_plain_list_gives_every_record_once_at_any_size(plain: Server) -> None:
    for size in (1000, 777):
        numbers, page = [], 1
        while page:
            body = requests.get(f"{plain.url}/records", params={"page": page, "size": size}, timeout=10).json()
            numbers += [record["id"] for record in body["records"]]
            page = body["next"]
        assert numbers == list(range(1, 2501))
    assert requests.get(f"{plain.url}/records?page=99", timeout=10).json()["records"] == []


def test_the_plain_list_has_records_of_the_agreed_shape(plain: Server) -> None:
    answer = requests.get(f"{plain.url}/records?page=1&size=1000", timeout=10)
    sample = answer.json()["records"]
    assert {len(record) for record in sample} == {20}
    assert {len(record["lines"]) for record in sample} == {2, 3}
    assert 1000 < len(answer.content) / 1000 < 1250


def test_the_plain_list_can_be_broken_too(plain: Server) -> None:
    plain.control(
        "faults", [{"fault": {"kind": "duplicate_within"}}, {"fault": {"kind": "status", "status": 503}}]
    )
    first = requests.get(f"{plain.url}/records?page=1&size=10", timeout=10).json()
    assert len(first["records"]) == 11
    assert requests.get(f"{plain.url}/records?page=1&size=10", timeout=10).status_code == 503


def test_the_desk_lists_everything_in_pages(tmp_path: Path) -> None:
    load("shopify", tmp_path, records.shop())
    server = start("shopify", tmp_path)
    found, following = [], ""
    while following is not None:
        part = server.control(f"records/customers?limit=5{following and '&after=' + following}")
        found, following = found + [record["id"] for record in part["records"]], part["next"]
    server.stop()
    assert found == [customer(number) for number in range(1, 13)]
