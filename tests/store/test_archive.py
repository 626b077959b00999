"""Archiving by plan: a record is archived once, after a person's approval, and is not created again."""

import pytest

from tests.store.round_trip import RoundTrip


@pytest.fixture(params=[True, False], ids=["no longer shown", "marked as deleted"])
def unwanted(trip: RoundTrip, request: pytest.FixtureRequest) -> RoundTrip:
    """Two accounts, one of which should be gone."""
    trip.vendor.is_forgetful = request.param
    trip.vendor.put("accounts", "A-1", {"name": "Name 1", "phone": "1"})
    trip.vendor.put("accounts", "A-2", {"name": "Name 2", "phone": "2"})
    trip.ingest()
    trip.want("accounts", "E-1", "A-1", phone="+491", is_deleted=True)
    trip.want("accounts", "E-2", "A-2", phone="2", is_deleted=False)
    return trip


def test_what_is_archived_is_verified_and_not_planned_again(unwanted: RoundTrip) -> None:
    plan_id = unwanted.write_back().plan_id
    assert unwanted.changes(plan_id) == [
        ("accounts", "archive", "A-1", {"is_deleted": False}, {"is_deleted": True}, "confirmed")
    ]
    counts = unwanted.verify(plan_id)
    assert (counts.verified, counts.differing, counts.unchecked) == (1, 0, 0)
    assert unwanted.rows("select _key, _is_deleted from validated.shopfront__accounts order by 1") == [
        ("A-1", True),
        ("A-2", False),
    ]
    assert unwanted.plan("night 2").planned == 0


def test_a_record_that_is_still_there_is_told(unwanted: RoundTrip) -> None:
    plan_id = unwanted.send()
    unwanted.vendor.put("accounts", "A-1", {"is_deleted": False})
    assert unwanted.verify(plan_id).differing == 1
    assert unwanted.plan("night 2").planned == 1


def test_an_archive_whose_answer_is_lost_is_settled_by_reading_back(unwanted: RoundTrip) -> None:
    unwanted.vendor.faults = ["cut_after"]
    assert unwanted.write_back().confirmed == 1
    assert unwanted.vendor.effects == [("accounts", "A-1", '{"is_deleted": true}')]


def test_an_archive_that_never_arrived_is_sent_again(unwanted: RoundTrip) -> None:
    unwanted.vendor.faults = ["cut_before"]
    assert unwanted.write_back().confirmed == 1
    assert len(unwanted.vendor.effects) == 1


def test_a_record_edited_since_the_plan_is_left(unwanted: RoundTrip) -> None:
    plan = unwanted.plan()
    unwanted.vendor.put("accounts", "A-1", {"phone": "edited"})
    assert unwanted.carry_out(plan.plan_id).conflicted == 1
    assert unwanted.vendor.records["accounts"]["A-1"]["is_deleted"] is False


def test_undo_holds_an_archive_and_says_why(unwanted: RoundTrip) -> None:
    undo = unwanted.undo(unwanted.write_back().plan_id)
    assert unwanted.changes(undo.plan_id) == [
        ("accounts", "archive", "A-1", {"is_deleted": True}, {"is_deleted": False}, "held")
    ]
    ((message,),) = unwanted.rows("select message from ops.changes where state = 'held'")
    assert "Concord does not restore: bring A-1 back" in str(message)


def test_a_record_that_should_be_gone_is_not_created_first(unwanted: RoundTrip) -> None:
    unwanted.forget_wishes()
    unwanted.want("accounts", "E-3", None, account_name="New", concord_id="E-3", is_deleted=True)
    assert unwanted.plan().planned == 0


@pytest.mark.parametrize(
    ("row", "needs_approval"),
    [
        ("*,*,*,1000,,,", True),
        ("shopfront,accounts,*,1000,,,", True),
        ("*,accounts,update,1000,,,", True),
        ("*,*,archive,1000,,,", False),
        ("*,accounts,archive,0,,,", True),
    ],
    ids=["all", "all of it", "updates", "archives", "no archives"],
)
def test_an_archive_asks_a_person_unless_a_policy_names_it(
    trip: RoundTrip, row: str, needs_approval: bool
) -> None:
    trip.vendor.put("accounts", "A-1", {"name": "Name 1"})
    trip.ingest()
    trip.want("accounts", "E-1", "A-1", is_deleted=True)
    trip.allow(row)
    plan = trip.plan()
    assert (plan.planned, plan.needs_approval) == (1, needs_approval)
