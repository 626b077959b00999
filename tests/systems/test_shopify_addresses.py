"""An address is written by itself: no other address of a customer is lost with it, whenever it came."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from concord.contract import Change, End
from concord.testing.bench import Bench
from concord.testing.case import Case
from sandbox.launch import Server

FindBench = Callable[[str], Bench]
ADDED = {"id": "gid://shopify/MailingAddress/77", "city": "Kiel", "address1": "Hafen 2", "countryCodeV2": "DE"}
SLOW = {"match": {"operation": "^customer"}, "fault": {"kind": "delay", "seconds": 2}}


@pytest.fixture
def case(bench: FindBench) -> Case:
    found = bench("shopify")
    return Case(found, found.system.resource("customers"), found.session(), {"city": "Ulm", "country_code": "DE"})


@pytest.fixture
def homeless(case: Case) -> Change:
    """A change of the city of a customer who has no address."""
    change = next(change for change in case.possible_changes() if change.before["city"])
    edit(case, change, defaultAddress=None, otherAddresses=[])
    return case.anew(change, change.after)


def server_of(case: Case) -> Server:
    return case.bench.desk.server  # type: ignore[attr-defined, no-any-return]


def edit(case: Case, change: Change, **values: object) -> None:
    server_of(case).control("edit", {"resource": "customers", "id": change.key, "set": values})


def addresses(case: Case, change: Change) -> list[dict[str, Any]]:
    """The default address first."""
    record = server_of(case).control(f"records/customers/one?id={change.key}")
    return [record["defaultAddress"], *(record.get("otherAddresses") or [])]


def test_a_first_address_becomes_the_default_one(case: Case, homeless: Change) -> None:
    (outcome,) = case.write([homeless])
    assert outcome.end is End.CONFIRMED
    assert [(item["city"], item["countryCodeV2"]) for item in addresses(case, homeless)] == [("Ulm", "DE")]


def test_an_address_that_is_added_while_we_write_stays(case: Case, homeless: Change) -> None:
    server_of(case).control("faults", SLOW)
    with ThreadPoolExecutor(1) as other:
        writing = other.submit(case.write, [homeless])
        deadline = time.monotonic() + 60
        while not server_of(case).control("faults")[0]["struck"]:
            assert time.monotonic() < deadline, "nothing was written"
        edit(case, homeless, defaultAddress=ADDED)
        (outcome,) = writing.result()
    assert outcome.end is End.CONFIRMED
    assert [item["city"] for item in addresses(case, homeless)] == ["Kiel", "Ulm"]
