"""A record that the vendor refuses, or on which it fails, every night keeps no other record from being written."""

from contextlib import suppress

import pytest

from concord.errors import TransientError
from concord.stages.write_back.approve import approve
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import declare

FAILING = ("A-1", "A-3", "A-4", "A-6")
TRIES = 4  # a task and its three retries


@pytest.fixture
def crowded(trip: RoundTrip) -> RoundTrip:
    """Nine accounts whose phones should change; on four of them, which come early, the vendor fails."""
    trip.system = declare(size=2, concurrency=1)
    for number in range(1, 10):
        trip.vendor.put("accounts", f"A-{number}", {"name": "Name", "phone": "1"})
    trip.ingest()
    for number in range(1, 10):
        key = f"A-{number}"
        trip.want("accounts", f"E-{number}", key, phone="crash" if key in FAILING else "+49")
    return trip


def run_night(trip: RoundTrip, night: str) -> None:
    """Write back as the tasks do, which are tried again after an error that may pass."""
    plan_id = trip.plan(night).plan_id
    approve(trip.database, plan_id, "a person")
    for _ in range(TRIES):
        with suppress(TransientError):
            trip.apply(plan_id)
    trip.verify(plan_id)


def unwritten(trip: RoundTrip) -> list[str]:
    return [key for key, record in trip.vendor.records["accounts"].items() if record["phone"] == "1"]


def test_records_on_which_the_vendor_fails_starve_none_beside_or_behind_them(crowded: RoundTrip) -> None:
    run_night(crowded, "night 1")
    assert unwritten(crowded) == list(FAILING)
    for key in ("A-2", "A-9"):
        crowded.vendor.put("accounts", key, {"phone": "1"})
    crowded.ingest(day=2)
    run_night(crowded, "night 2")
    assert unwritten(crowded) == list(FAILING)
