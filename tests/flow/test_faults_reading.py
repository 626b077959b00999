"""After any fault of a vendor while it is read, the warehouse is the same as without the fault."""

from datetime import datetime
from typing import Any

import pytest

from tests.flow.conftest import EMPTY, Begin, FirstNight
from tests.flow.night import DAY, Night, patiently
from tests.flow.vendors import Vendors
from tests.flow.warehouse import STAMPS, dump

pytestmark = pytest.mark.flow

READS = {
    "shopify": {"customers": "^customers$", "orders": "^orders$"},
    "salesforce": {"contacts": "^query:Contact$"},
}
FAULTS: dict[str, dict[str, Any]] = {
    "asked to wait": {"fault": {"kind": "status", "status": 429, "retry_after": 1}, "skip": 1},
    "refused without a time": {"fault": {"kind": "status", "status": 429}, "skip": 1},
    "three server errors": {"fault": {"kind": "status", "status": 502}, "times": 3},
    "seven server errors": {"fault": {"kind": "status", "status": 503, "retry_after": 0}, "times": 7},
    "cut": {"fault": {"kind": "cut_before"}, "skip": 1},
    "reset": {"fault": {"kind": "cut_after", "reset": True}, "skip": 1},
    "truncated": {"fault": {"kind": "truncate", "share": 0.6}, "skip": 1},
    "malformed": {"fault": {"kind": "malformed"}},
    "a page of HTML": {"fault": {"kind": "html"}, "skip": 1},
    "token expired": {"fault": {"kind": "expired_token"}, "skip": 2},
    "a record twice in a page": {"fault": {"kind": "duplicate_within"}, "skip": 1},
    "a record on two pages": {"fault": {"kind": "duplicate_across"}, "skip": 1},
    "a record that moves": {"fault": {"kind": "move"}},
}
RELAYED = ("throttle", "cut_before", "cut_after", "html", "refuse_token")
THROTTLED = {"fault": {"kind": "throttle"}, "skip": 1}
# The lines of orders are pages inside pages, so what befalls pages is tried there, too.
OF_PAGES = ("truncated", "a record twice in a page", "a record on two pages", "a record that moves")
CASES = [
    *(("shopify", "customers", name) for name in FAULTS),
    *(("salesforce", "contacts", name) for name in FAULTS),
    *(("shopify", "orders", name) for name in OF_PAGES),
]


@pytest.fixture
def undisturbed(first_night: FirstNight) -> dict[str, Any]:
    """The validated records of the first night, before anything was written."""
    return first_night.validated


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_fault_while_reading_leaves_no_trace(
    begin: Begin, vendors: Vendors, undisturbed: dict[str, Any], as_of: datetime, case: tuple[str, str, str]
) -> None:
    vendor, resource, name = case
    night = begin(EMPTY)
    vendors.control(vendor, "faults", {"match": {"operation": READS[vendor][resource]}, **FAULTS[name]})
    until = as_of + DAY if name == "a record that moves" else as_of
    patiently(lambda: night.read(vendor, resource, until))
    (rule,) = vendors.control(vendor, "faults")
    assert rule["struck"] == FAULTS[name].get("times", 1)
    assert found_in(night, vendor, resource) == undisturbed[f"validated.{vendor}__{resource}"]


@pytest.mark.parametrize("kind", RELAYED)
def test_a_fault_before_the_erp_leaves_no_trace(
    begin: Begin, vendors: Vendors, undisturbed: dict[str, Any], as_of: datetime, kind: str
) -> None:
    night = begin(EMPTY)
    vendors.relay.plan += [("party.party.search_read", kind)]
    patiently(lambda: night.read("tryton", "parties", as_of))
    assert vendors.relay.plan == []
    assert found_in(night, "tryton", "parties") == undisturbed["validated.tryton__parties"]


def test_points_that_are_used_up_are_waited_for(
    begin: Begin, vendors: Vendors, undisturbed: dict[str, Any], as_of: datetime
) -> None:
    night = begin(EMPTY)
    vendors.control("shopify", "faults", {"match": {"operation": "^customers$"}, **THROTTLED})
    patiently(lambda: night.read("shopify", "customers", as_of))
    assert vendors.control("shopify", "faults")[0]["struck"] == 1
    assert found_in(night, "shopify", "customers") == undisturbed["validated.shopify__customers"]


def found_in(night: Night, vendor: str, resource: str) -> list[Any]:
    table = f"validated.{vendor}__{resource}"
    found = dump(night.database.url, table, without=STAMPS)[table]
    assert len(found) >= 50
    return found
