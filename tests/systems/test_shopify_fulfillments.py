"""Parcels are written to the shop: a number creates a fulfillment, and a status becomes its event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from concord.contract import Change, End, Outcome, Resource
from concord.protocols.session.client import HttpSession
from concord.protocols.values import decode_record, value_at
from concord.testing.bench import Bench, by_key, read_all
from concord.testing.benches import facts_of

PARCEL = {"carrier_name": "FedEx", "tracking_number": "794911112222"}
NOTHING = dict.fromkeys(("carrier_name", "tracking_number", "delivery_status"))


@dataclass
class Packing:
    """The shop's fulfillment orders, of which one that is open is packed."""

    bench: Bench
    resource: Resource
    session: HttpSession
    key: str

    def record(self) -> Mapping[str, Any]:
        pages = self.resource.read.read_matching(self.session, self.resource, "source_id", [self.key])
        (found,) = [decode_record(self.resource, raw) for page in pages for raw in page]
        return found

    def says(self) -> dict[str, object]:
        record, read = self.record(), facts_of("shopify").read_value
        fields = [self.resource.field(name) for name in NOTHING]
        return {field.name: read(field, value_at(record, field)) for field in fields}

    def write(self, after: Mapping[str, object]) -> Outcome:
        assert self.resource.writes is not None
        guard = {"updated_at": self.record()["updatedAt"]}
        before = self.says()
        change = Change("c1", self.key, "update", {name: before[name] for name in after}, after, guard)
        (outcome,) = self.resource.writes.writer.write(self.session, self.resource, [change])
        return outcome

    def open_keys(self) -> set[str]:
        records = by_key(self.resource, read_all(self.session, self.resource))
        return {key for key, record in records.items() if record["status"] == "OPEN"}


@pytest.fixture
def packing(shopify: Bench) -> Packing:
    found = Packing(shopify, shopify.system.resource("fulfillment_orders"), shopify.session(), "")
    found.key = min(found.open_keys())
    return found


def test_a_number_and_a_status_arrive_together(packing: Packing) -> None:
    outcome = packing.write({**PARCEL, "delivery_status": "DELIVERED"})
    assert (outcome.end, outcome.key) == (End.CONFIRMED, packing.key)
    assert packing.says() == {**PARCEL, "delivery_status": "DELIVERED"}
    assert packing.record()["status"] == "CLOSED"
    (node,) = packing.record()["fulfillments"]["nodes"]
    packing.write({"tracking_number": "794933334444"})
    assert packing.says() == {**PARCEL, "tracking_number": "794933334444", "delivery_status": "DELIVERED"}
    assert [item["id"] for item in packing.record()["fulfillments"]["nodes"]] == [node["id"]]


def test_a_parcel_that_is_taken_back_is_to_be_packed_again(packing: Packing) -> None:
    packing.write({**PARCEL, "delivery_status": "IN_TRANSIT"})
    before = packing.open_keys()
    assert packing.write(NOTHING).end is End.CONFIRMED
    assert packing.says() == NOTHING
    (again,) = packing.open_keys() - before
    assert packing.write(NOTHING).message == "There is no fulfillment that could be taken back."
    packing.key = again
    assert packing.write(PARCEL).end is End.CONFIRMED


@pytest.mark.parametrize("status", ["FULFILLED", None], ids=["what is no event", "nothing"])
def test_an_event_is_not_taken_back(packing: Packing, status: str | None) -> None:
    packing.write({**PARCEL, "delivery_status": "IN_TRANSIT"})
    outcome = packing.write({"delivery_status": status})
    assert (outcome.end, packing.says()["delivery_status"]) == (End.REJECTED, "IN_TRANSIT")
    assert "cannot be taken back" in outcome.message


def test_a_status_that_is_refused_after_its_number_was_written_says_so(packing: Packing) -> None:
    outcome = packing.write({**PARCEL, "delivery_status": "ON_THE_MOON"})
    assert outcome.end is End.REJECTED
    assert outcome.message.startswith("The number was written, the status was not")
    assert packing.says()["tracking_number"] == PARCEL["tracking_number"]


def test_a_number_that_somebody_else_entered_is_a_conflict(packing: Packing) -> None:
    assert packing.resource.writes is not None
    plan = Change("c1", packing.key, "update", {"tracking_number": None}, PARCEL, {})
    packing.write({"carrier_name": "DHL", "tracking_number": "00340434161094"})
    (outcome,) = packing.resource.writes.writer.write(packing.session, packing.resource, [plan])
    assert outcome.end is End.CONFLICTED
    assert packing.says()["tracking_number"] == "00340434161094"


def test_what_may_not_be_fulfilled_is_refused_in_the_shops_words(packing: Packing) -> None:
    records = by_key(packing.resource, read_all(packing.session, packing.resource))
    packing.key = next(key for key, record in records.items() if record["status"] == "CANCELLED")
    outcome = packing.write(PARCEL)
    assert (outcome.end, "unfulfillable status" in outcome.message) == (End.REJECTED, True)
