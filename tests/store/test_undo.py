"""Taking a plan back: what still says what we wrote, and nothing that somebody changed since."""

import pytest

from concord.errors import ConfigurationError
from concord.stages.plan import approve
from tests.store.round_trip import RoundTrip


@pytest.fixture
def written(trip: RoundTrip) -> RoundTrip:
    """Two accounts updated and one created by night 1."""
    trip.vendor.put("accounts", "A-1", {"name": "Old 1", "phone": "1"})
    trip.vendor.put("accounts", "A-2", {"name": "Old 2", "phone": None})
    trip.ingest()
    trip.want("accounts", "E-1", "A-1", account_name="New 1", phone="+491")
    trip.want("accounts", "E-2", "A-2", account_name="New 2", phone="+492")
    return trip


def test_undo_restores_what_was_there_before(written: RoundTrip) -> None:
    plan_id = written.write_back().plan_id
    undo = written.undo(plan_id)
    assert written.carry_out(undo.plan_id).confirmed == 2
    assert {key: (item["name"], item["phone"]) for key, item in written.vendor.records["accounts"].items()} == {
        "A-1": ("Old 1", "1"),
        "A-2": ("Old 2", None),
    }


def test_undo_leaves_what_somebody_changed_since_and_names_it(written: RoundTrip) -> None:
    plan_id = written.write_back().plan_id
    written.vendor.put("accounts", "A-1", {"phone": "edited"})
    written.ingest(day=2)
    undo = written.undo(plan_id)
    assert written.changes(undo.plan_id)[0][3:] == (
        {"account_name": "New 1"},
        {"account_name": "Old 1"},
        "planned",
    )
    (reason,) = written.rows("select reason from ops.changes where plan_id = %s order by sequence", undo.plan_id)[
        0
    ]
    assert "changed since: phone" in str(reason)


def test_a_record_changed_entirely_since_is_held(written: RoundTrip) -> None:
    plan_id = written.write_back().plan_id
    written.vendor.put("accounts", "A-1", {"phone": "edited", "name": "edited"})
    written.ingest(day=2)
    assert written.states(written.undo(plan_id).plan_id) == ["held", "planned"]


def test_an_edit_after_the_undo_was_planned_becomes_a_conflict(written: RoundTrip) -> None:
    plan_id = written.write_back().plan_id
    undo = written.undo(plan_id)
    written.vendor.put("accounts", "A-1", {"credit": "7"})
    outcome = written.carry_out(undo.plan_id)
    assert (outcome.confirmed, outcome.conflicted) == (1, 1)


def test_a_created_record_is_named_as_not_to_be_undone(written: RoundTrip) -> None:
    written.want("accounts", "E-9", None, account_name="Made", concord_id="E-9")
    plan_id = written.write_back().plan_id
    undo = written.undo(plan_id)
    assert written.states(undo.plan_id) == ["planned", "planned", "held"]
    ((message,),) = written.rows("select message from ops.changes where state = 'held'")
    assert "Concord does not delete: remove A-0003" in str(message)
    assert written.carry_out(undo.plan_id).held == 1


def test_a_second_undo_has_nothing_to_do(written: RoundTrip) -> None:
    written.want("accounts", "E-9", None, account_name="Made", concord_id="E-9")
    plan_id = written.write_back().plan_id
    written.carry_out(written.undo(plan_id, "undo 1").plan_id)
    effects = len(written.vendor.effects)
    again = written.undo(plan_id, "undo 2")
    assert again.planned == 0
    written.carry_out(again.plan_id)
    assert len(written.vendor.effects) == effects


def test_the_undo_of_an_undo_brings_the_values_back(written: RoundTrip) -> None:
    undo = written.undo(written.write_back().plan_id)
    written.carry_out(undo.plan_id)
    redo = written.undo(undo.plan_id, "redo")
    assert written.carry_out(redo.plan_id).confirmed == 2
    assert written.vendor.records["accounts"]["A-2"]["phone"] == "+492"


def test_planning_again_what_was_undone_asks_a_person(written: RoundTrip) -> None:
    undo = written.undo(written.write_back("night 1").plan_id)
    written.carry_out(undo.plan_id)
    plan = written.plan("night 2")
    assert plan.needs_approval
    assert "2 of the changes repeat what a person had undone" in plan.reason


def test_a_plan_not_applied_cannot_be_undone(written: RoundTrip) -> None:
    with pytest.raises(ConfigurationError, match="only an applied plan"):
        written.undo(written.plan().plan_id)


def test_a_plan_never_read_back_is_not_undone_blindly(written: RoundTrip) -> None:
    plan_id = written.plan().plan_id
    approve(written.database, plan_id, "Ada")
    written.apply(plan_id)
    with pytest.raises(ConfigurationError, match="run its verify task first"):
        written.undo(plan_id)
