"""Reading back what was written, by the way every record takes."""

import pytest

from tests.store.round_trip import RoundTrip


@pytest.fixture
def written(trip: RoundTrip) -> RoundTrip:
    trip.vendor.put("accounts", "A-1", {"name": "Name 1", "phone": "1"})
    trip.vendor.put("accounts", "A-2", {"name": "Name 2", "phone": "2"})
    trip.ingest()
    trip.want("accounts", "E-1", "A-1", phone="+491")
    trip.want("accounts", "E-2", "A-2", phone="+492")
    return trip


def test_what_was_written_is_validated_and_verified(written: RoundTrip) -> None:
    outcome = written.write_back()
    assert written.rows("select _key, phone from validated.shopfront__accounts order by 1") == [
        ("A-1", "+491"),
        ("A-2", "+492"),
    ]
    counts = written.verify(outcome.plan_id)
    assert (counts.verified, counts.differing, counts.unchecked) == (2, 0, 0)


def test_a_target_that_keeps_something_else_is_told(written: RoundTrip) -> None:
    outcome = written.write_back()
    written.vendor.put("accounts", "A-1", {"phone": "+49 1"})
    counts = written.verify(outcome.plan_id)
    assert (counts.verified, counts.differing, counts.unchecked) == (1, 1, 0)


def test_a_record_that_vanished_is_told(written: RoundTrip) -> None:
    outcome = written.write_back()
    del written.vendor.records["accounts"]["A-1"]
    counts = written.verify(outcome.plan_id)
    assert (counts.verified, counts.differing) == (1, 1)


def test_a_record_that_validation_set_aside_cannot_be_checked(written: RoundTrip) -> None:
    outcome = written.write_back()
    written.vendor.put("accounts", "A-1", {"name": ""})
    counts = written.verify(outcome.plan_id)
    assert (counts.verified, counts.differing, counts.unchecked) == (1, 0, 1)
    assert written.rows("select stage, record_key from ops.dead_letters") == [("validate", "A-1")]


def test_read_back_batches_are_accounted_and_cover_no_window(written: RoundTrip) -> None:
    written.write_back()
    assert written.rows(
        "select state, received, validated, covered_window from ops.batches where purpose = 'read_back'"
    ) == [("covered", 2, 2, None)]
