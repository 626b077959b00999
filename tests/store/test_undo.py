"""Undo of a plan: values that are still those that were written, and none that were changed since."""

import pytest

from concord.errors import ConfigurationError
from concord.stages.write_back.approve import approve
from concord.store.engine import PLANNER
from concord.store.ledger.holds import hold_undone, lift_holds, list_holds
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


def test_undo_leaves_a_field_that_the_account_has_no_more(written: RoundTrip) -> None:
    written.want("accounts", "E-3", "A-3", phone="+493")
    written.vendor.put("accounts", "A-3", {"name": "Old 3", "phone": "3"})
    written.ingest(day=2)
    plan_id = written.write_back().plan_id
    written.lose("accounts", "phone")
    undo = written.undo(plan_id)
    reasons = written.rows("select reason from ops.changes where plan_id = %s", undo.plan_id)
    assert all("the account has them no more: phone" in str(reason) for (reason,) in reasons)
    assert written.states(undo.plan_id) == ["planned", "planned", "held"]
    assert written.carry_out(undo.plan_id).confirmed == 2
    assert {key: (item["name"], item["phone"]) for key, item in written.vendor.records["accounts"].items()} == {
        "A-1": ("Old 1", "+491"),
        "A-2": ("Old 2", "+492"),
        "A-3": ("Old 3", "+493"),
    }


@pytest.mark.parametrize("is_undo", [True, False])
def test_a_change_of_a_field_that_the_account_lost_after_it_was_planned_is_held(
    written: RoundTrip, is_undo: bool
) -> None:
    plan_id = written.undo(written.write_back().plan_id).plan_id if is_undo else written.plan().plan_id
    effects = len(written.vendor.effects)
    written.lose("accounts", "phone")
    assert written.carry_out(plan_id).held == 2
    messages = written.rows("select distinct message from ops.changes where plan_id = %s", plan_id)
    assert messages == [("Not sent: the account has no phone any more.",)]
    assert len(written.vendor.effects) == effects


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


def test_what_was_undone_and_held_is_not_planned_until_it_is_lifted(written: RoundTrip) -> None:
    plan_id = written.write_back().plan_id
    written.carry_out(written.undo(plan_id).plan_id)
    written.ingest(day=2)
    assert written.plan("night 2").planned == 2, "without a hold the next night plans it again"
    with written.database.transaction(PLANNER) as connection:
        assert hold_undone(connection, plan_id, "admin") == 4
        assert hold_undone(connection, plan_id, "admin") == 0
        assert {(row["record_key"], row["field"]) for row in list_holds(connection)} == {
            (key, field) for key in ("A-1", "A-2") for field in ("account_name", "phone")
        }
    assert written.plan("night 3").planned == 0
    with written.database.transaction(PLANNER) as connection:
        (hold,) = (row for row in list_holds(connection) if (row["record_key"], row["field"]) == ("A-1", "phone"))
        assert lift_holds(connection, str(hold["hold_id"])) == 1
    assert [change[4] for change in written.changes(written.plan("night 4").plan_id)] == [{"phone": "+491"}]
    with written.database.transaction(PLANNER) as connection:
        assert lift_holds(connection, plan_id[:12]) == 3
        with pytest.raises(ConfigurationError, match="There is no hold"):
            lift_holds(connection, plan_id[:12])
    assert written.plan("night 5").planned == 2


@pytest.mark.parametrize("name", ["shopfront/accounts/A-1", "shopfront/accounts/x/A-1"])
def test_the_holds_of_a_record_are_lifted_by_its_name(written: RoundTrip, name: str) -> None:
    plan_id = written.write_back().plan_id
    written.carry_out(written.undo(plan_id).plan_id)
    with written.database.transaction(PLANNER) as connection:
        hold_undone(connection, plan_id, "admin")
        connection.execute(
            "update ops.holds set record_key = %s where record_key = 'A-1'", (name.split("/", 2)[2],)
        )
        assert lift_holds(connection, "shopfront/accounts/A-1") == 2
