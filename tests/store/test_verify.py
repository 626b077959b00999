"""Written records are read back, through the same stages as every record."""

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
    plan_id = written.send()
    written.vendor.put("accounts", "A-1", {"phone": "+49 1"})
    counts = written.verify(plan_id)
    assert (counts.verified, counts.differing, counts.unchecked) == (1, 1, 0)


def test_a_value_that_was_cut_is_rejected_and_its_dead_letter_names_the_field(written: RoundTrip) -> None:
    plan_id = written.send()
    written.vendor.put("accounts", "A-1", {"phone": "+4"})
    written.verify(plan_id)
    assert written.states(plan_id) == ["rejected", "confirmed"]
    assert written.rows("select confirmed, rejected from ops.plans") == [(1, 1)]
    ((key, message),) = written.rows("select record_key, message from ops.dead_letters where state = 'open'")
    assert (key, "phone (2 of 4 characters)" in str(message)) == ("A-1", True)
    assert "+4" not in str(message)
    events = "select event from ops.journal inner join ops.changes using (change_id) where record_key = 'A-1'"
    assert written.rows(f"{events} order by journal_id") == [("sent",), ("confirmed",), ("rejected",)]


def test_a_value_that_is_cut_every_night_is_not_written_every_night(written: RoundTrip) -> None:
    sizes = []
    for night in range(1, 5):
        plan_id = written.send(f"night {night}")
        sizes.append(len(written.changes(plan_id)))
        written.vendor.put("accounts", "A-1", {"phone": "+4"})
        written.verify(plan_id)
    assert sizes == [2, 1, 0, 0]


def test_what_was_kept_of_a_rejected_change_is_undone_and_the_cut_value_left(written: RoundTrip) -> None:
    written.want("accounts", "E-3", "A-3", phone="+493", account_name="New")
    written.vendor.put("accounts", "A-3", {"name": "Old", "phone": "3"})
    written.ingest(day=2)
    plan_id = written.send()
    written.vendor.put("accounts", "A-3", {"phone": "+4"})
    written.verify(plan_id)
    undo = written.undo(plan_id)
    written.carry_out(undo.plan_id)
    assert (written.vendor.records["accounts"]["A-3"]["name"], undo.planned) == ("Old", 3)


def test_a_record_that_vanished_is_told(written: RoundTrip) -> None:
    plan_id = written.send()
    del written.vendor.records["accounts"]["A-1"]
    counts = written.verify(plan_id)
    assert (counts.verified, counts.differing) == (1, 1)
    assert written.states(plan_id) == ["conflicted", "confirmed"]


def test_a_new_record_that_is_not_to_be_seen_is_unknown_and_not_made_again(written: RoundTrip) -> None:
    written.want("accounts", "E-9", None, account_name="Made", concord_id="E-9")
    plan_id = written.send()
    del written.vendor.records["accounts"]["A-0003"]
    written.verify(plan_id)
    assert "unknown" in written.states(plan_id)
    assert written.plan("night 2").planned == 0


def test_a_record_that_validation_set_aside_cannot_be_checked(written: RoundTrip) -> None:
    plan_id = written.send()
    written.vendor.put("accounts", "A-1", {"name": "x" * 1000})
    counts = written.verify(plan_id)
    assert (counts.verified, counts.differing, counts.unchecked) == (1, 0, 1)
    assert written.rows("select stage, record_key from ops.dead_letters") == [("validate", "A-1")]


def test_read_back_batches_are_accounted_and_cover_no_window(written: RoundTrip) -> None:
    written.write_back()
    assert written.rows(
        "select state, received, validated, covered_window from ops.batches where purpose = 'read_back'"
    ) == [("covered", 2, 2, None)]
