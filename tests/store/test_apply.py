"""A plan is carried out against a real server: four outcomes, and each change is sent once, also after faults."""

import contextlib

import pytest

from concord.errors import ConfigurationError, TransientError
from concord.stages.write_back.apply import PlanOutcome, apply_plan
from concord.stages.write_back.approve import approve
from concord.store.leases import acquire
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import declare, open_shopfront


@pytest.fixture
def wishful(trip: RoundTrip) -> RoundTrip:
    """Six accounts whose phones should change."""
    for number in range(1, 7):
        trip.vendor.put("accounts", f"A-{number}", {"name": f"Name {number}", "phone": str(number)})
    trip.ingest()
    for number in range(1, 7):
        trip.want("accounts", f"E-{number}", f"A-{number}", phone=f"+49{number}")
    return trip


def approved(trip: RoundTrip, run: str = "night 1") -> str:
    plan_id = trip.plan(run).plan_id
    approve(trip.database, plan_id, "Ada")
    return plan_id


def test_every_change_is_written_once_and_confirmed(wishful: RoundTrip) -> None:
    outcome = wishful.write_back()
    assert outcome == PlanOutcome(outcome.plan_id, 6, confirmed=6, rejected=0, conflicted=0, unknown=0, held=0)
    assert len(wishful.vendor.effects) == 6
    assert {item["phone"] for item in wishful.vendor.records["accounts"].values()} == {
        f"+49{number}" for number in range(1, 7)
    }


def test_a_second_night_plans_nothing(wishful: RoundTrip) -> None:
    wishful.write_back("night 1")
    assert wishful.plan("night 2").planned == 0


def test_an_unapproved_plan_is_not_applied(wishful: RoundTrip) -> None:
    plan = wishful.plan()
    with pytest.raises(ConfigurationError, match="approve it first"):
        wishful.apply(plan.plan_id)
    assert wishful.vendor.effects == []


def test_applying_twice_has_one_effect(wishful: RoundTrip) -> None:
    plan_id = approved(wishful)
    assert wishful.apply(plan_id) == wishful.apply(plan_id)
    assert len(wishful.vendor.effects) == 6


def test_every_send_is_in_the_journal_before_its_answer(wishful: RoundTrip) -> None:
    plan_id = approved(wishful)
    wishful.apply(plan_id)
    events = wishful.rows("select array_agg(event order by journal_id) from ops.journal group by change_id")
    assert events == [(["sent", "confirmed"],)] * 6


def test_a_moved_target_becomes_a_conflict(wishful: RoundTrip) -> None:
    plan_id = approved(wishful)
    wishful.vendor.put("accounts", "A-2", {"phone": "edited"})
    outcome = wishful.apply(plan_id)
    assert (outcome.confirmed, outcome.conflicted) == (5, 1)
    assert wishful.vendor.records["accounts"]["A-2"]["phone"] == "edited"


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "forget_last"])
def test_a_lost_answer_is_settled_by_reading_back(wishful: RoundTrip, fault: str) -> None:
    wishful.vendor.faults = [fault]
    outcome = wishful.write_back()
    assert (outcome.confirmed, outcome.unknown) == (6, 0)
    assert len(wishful.vendor.effects) == 6


def test_a_refused_call_is_sent_again(wishful: RoundTrip) -> None:
    wishful.vendor.faults = ["refuse"] * 5
    assert wishful.write_back().confirmed == 6
    assert len(wishful.vendor.effects) == 6


def test_a_system_that_stays_down_leaves_a_plan_to_resume(wishful: RoundTrip) -> None:
    plan_id = approved(wishful)
    wishful.vendor.faults = ["refuse"] * 50
    with pytest.raises(TransientError):
        wishful.apply(plan_id)
    assert wishful.states(plan_id) == ["planned"] * 6
    wishful.vendor.faults = []
    assert wishful.apply(plan_id).confirmed == 6


def test_silence_stops_the_writing_and_a_rerun_reads_back_first(wishful: RoundTrip) -> None:
    wishful.system = declare(size=1, concurrency=1)
    plan_id = approved(wishful)
    wishful.vendor.faults = ["cut_after"] * 50
    with pytest.raises(TransientError, match="does not answer writes"):
        wishful.apply(plan_id)
    assert sorted(map(str, wishful.states(plan_id))) == ["planned"] * 3 + ["unknown"] * 3
    wishful.vendor.faults = []
    assert wishful.apply(plan_id).confirmed == 6
    assert len(wishful.vendor.effects) == 6


def test_one_poisonous_change_does_not_sink_its_call(wishful: RoundTrip) -> None:
    wishful.forget_wishes()
    wishful.want("accounts", "E-1", "A-1", account_name="poison")
    wishful.want("accounts", "E-2", "A-2", phone="+492")
    outcome = wishful.write_back()
    assert (outcome.confirmed, outcome.rejected) == (1, 1)


def test_a_created_record_is_referred_to_by_its_new_key(wishful: RoundTrip) -> None:
    wishful.forget_wishes()
    wishful.want("accounts", "E-9", None, account_name="New", concord_id="E-9")
    wishful.want("contacts", "E-9:c", None, account_source_id="@accounts/E-9", email="n@x.de", tags='["a"]')
    assert wishful.write_back().confirmed == 2
    ((account, contact),) = [
        (next(iter(wishful.vendor.records["accounts"].keys() - {f"A-{n}" for n in range(1, 7)})), record)
        for record in wishful.vendor.records["contacts"].values()
    ]
    assert (contact["account"], contact["tags"]) == (account, ["a"])


def test_what_refers_to_a_refused_create_is_held(wishful: RoundTrip) -> None:
    wishful.forget_wishes()
    wishful.want("accounts", "E-9", None, account_name="bad", concord_id="E-9")
    wishful.want("contacts", "E-9:c", None, account_source_id="@accounts/E-9", email="n@x.de")
    plan_id = approved(wishful)
    outcome = wishful.apply(plan_id)
    assert (outcome.rejected, outcome.held) == (1, 1)
    assert wishful.rows("select message from ops.changes where state = 'held'") == [
        ("Not sent: it refers to a record whose creation was not confirmed.",)
    ]


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_create_whose_answer_was_lost_is_not_made_twice(wishful: RoundTrip, fault: str) -> None:
    wishful.forget_wishes()
    wishful.want("accounts", "E-9", None, account_name="New", concord_id="E-9")
    wishful.want("contacts", "E-9:c", None, account_source_id="@accounts/E-9", email="n@x.de")
    wishful.vendor.faults = [fault, "", fault]
    assert wishful.write_back().confirmed == 2
    assert len(wishful.vendor.effects) == 2


@pytest.mark.parametrize("faults", [["cut_after"], ["", "cut_before"], ["", "cut_after"]])
def test_a_create_of_two_steps_is_finished_by_its_writer(wishful: RoundTrip, faults: list[str]) -> None:
    wishful.system = declare(is_finishing=True)
    wishful.forget_wishes()
    wishful.want("accounts", "E-9", None, account_name="New", concord_id="E-9")
    plan_id = approved(wishful)
    wishful.vendor.faults = faults
    with contextlib.suppress(TransientError):
        wishful.apply(plan_id)
    assert wishful.apply(plan_id).confirmed == 1
    made = [item for item in wishful.vendor.records["accounts"].values() if item.get("concord") == "E-9"]
    assert [item["state"] for item in made] == ["finished"]


def half_made(trip: RoundTrip) -> str:
    """A create whose record is at the vendor while no call of its second step comes through."""
    trip.system = declare(is_finishing=True)
    trip.forget_wishes()
    trip.want("accounts", "E-9", None, account_name="New", concord_id="E-9")
    plan_id = approved(trip)
    trip.vendor.faults = ["", *["cut_before"] * 50]
    with pytest.raises(TransientError):
        trip.apply(plan_id)
    trip.vendor.faults = []
    return plan_id


def test_each_step_of_a_chain_may_lose_its_answer(wishful: RoundTrip) -> None:
    wishful.system = declare(is_finishing=True)
    wishful.forget_wishes()
    wishful.want("accounts", "E-9", None, account_name="New", concord_id="E-9")
    wishful.vendor.faults = ["cut_after", "cut_before", "cut_after", "cut_before"]
    plan_id = approved(wishful)
    for _ in range(3):
        with contextlib.suppress(TransientError):
            wishful.apply(plan_id)
    assert wishful.states(plan_id) == ["confirmed"]
    assert [item.get("state") for item in wishful.vendor.records["accounts"].values()].count("finished") == 1


def test_a_half_made_record_keeps_its_plan_open_and_its_key_in_the_journal(wishful: RoundTrip) -> None:
    plan_id = half_made(wishful)
    ((state, message),) = wishful.rows("select state, message from ops.changes")
    assert (state, "Not sent" in message) in {("planned", False), ("unknown", False)}
    assert wishful.rows("select state from ops.plans where plan_id = %s", plan_id) == [("approved",)]
    wishful.vendor.faults = ["cut_before"] * 50
    with pytest.raises(TransientError):
        wishful.apply(plan_id)
    keys = wishful.rows("select detail ->> 'key' from ops.journal where event = 'returned'")
    made = next(key for key, item in wishful.vendor.records["accounts"].items() if item.get("concord") == "E-9")
    assert (made,) in keys


def test_the_next_night_finishes_a_half_made_record_and_writes_nothing_of_it_before(wishful: RoundTrip) -> None:
    left = half_made(wishful)
    made = next(key for key, item in wishful.vendor.records["accounts"].items() if item.get("concord") == "E-9")
    wishful.ingest(day=2)
    wishful.forget_wishes()
    wishful.want("accounts", "E-9", made, phone="taken from the draft")
    wishful.want("accounts", "E-1", "A-1", phone="+491")
    outcome = wishful.write_back("night 2")
    assert (outcome.planned, outcome.confirmed) == (1, 1)
    assert wishful.rows("select state, confirmed from ops.plans where plan_id = %s", left) == [("applied", 1)]
    assert wishful.vendor.records["accounts"][made]["state"] == "finished"
    assert wishful.plan("night 3").planned == 1


def test_a_half_made_record_that_stays_so_holds_nothing_else_back(wishful: RoundTrip) -> None:
    left = half_made(wishful)
    wishful.ingest(day=2)
    wishful.want("accounts", "E-1", "A-1", phone="+491")
    wishful.vendor.is_stuck = True
    assert wishful.write_back("night 2").confirmed == 1
    assert wishful.rows("select state from ops.plans where plan_id = %s", left) == [("approved",)]


def test_a_confirmed_create_is_not_planned_again_from_the_same_wishes(wishful: RoundTrip) -> None:
    wishful.forget_wishes()
    wishful.want("accounts", "E-9", None, account_name="New", concord_id="E-9")
    wishful.write_back("night 1")
    assert wishful.plan("night 2").planned == 0


def test_a_rejected_change_is_a_dead_letter_and_not_sent_again(wishful: RoundTrip) -> None:
    wishful.forget_wishes()
    wishful.want("accounts", "E-1", "A-1", phone="bad")
    assert wishful.write_back("night 1").rejected == 1
    assert wishful.rows("select stage, resource, record_key, state, message from ops.dead_letters") == [
        ("apply", "accounts", "A-1", "open", "a value is not accepted")
    ]
    assert wishful.plan("night 2").planned == 0


def test_a_lease_is_not_taken_while_another_holds_it(wishful: RoundTrip) -> None:
    plan_id = approved(wishful)
    acquire(wishful.database, "apply:shopfront", "somebody else")
    with pytest.raises(TransientError, match="held by somebody else"):
        wishful.apply(plan_id)


def test_an_expired_lease_is_taken_over(wishful: RoundTrip) -> None:
    plan_id = approved(wishful)
    acquire(wishful.database, "apply:shopfront", "somebody dead")
    with wishful.database.transaction() as connection:
        connection.execute("update ops.leases set expires_at = clock_timestamp() - interval '1 second'")
    assert wishful.apply(plan_id).confirmed == 6


def test_a_worker_that_lost_its_lease_writes_nothing_more(wishful: RoundTrip) -> None:
    """While its first call is on the way another worker takes over; what it then hears is not written down."""
    plan_id = approved(wishful)
    original = wishful.vendor.write

    def take_over(resource: str, change: dict[str, object]) -> dict[str, object]:
        with wishful.database.transaction() as connection:
            connection.execute("update ops.leases set fence = fence + 1, holder = 'the next one'")
        return original(resource, change)

    wishful.vendor.write = take_over  # type: ignore[method-assign]
    with pytest.raises(TransientError, match="took over"), open_shopfront(wishful.vendor.url) as session:
        apply_plan(wishful.database, session, system=wishful.system, plan_id=plan_id, holder="zombie")
    assert wishful.rows("select distinct event from ops.journal") == [("sent",)]
    wishful.vendor.write = original  # type: ignore[method-assign]
    assert wishful.apply(plan_id, holder="the next one").confirmed == 6
    assert len(wishful.vendor.effects) == 6


def test_a_plan_left_behind_is_closed_by_the_next(wishful: RoundTrip) -> None:
    left = approved(wishful, "night 1")
    wishful.vendor.faults = ["", "refuse", "refuse"] + ["refuse"] * 50
    with pytest.raises(TransientError):
        wishful.apply(left)
    wishful.vendor.faults = []
    wishful.ingest(day=2)
    wishful.write_back("night 2")
    ((state, planned, confirmed, held),) = wishful.rows(
        "select state, planned, confirmed, held from ops.plans where plan_id = %s", left
    )
    assert (state, planned) == ("applied", 6)
    assert confirmed + held == 6
    assert held > 0
    assert len(wishful.vendor.effects) == 6


def test_the_books_of_a_plan_cannot_be_cooked(wishful: RoundTrip) -> None:
    outcome = wishful.write_back()
    with pytest.raises(Exception, match="counts do not add up"), wishful.database.transaction() as connection:
        connection.execute("update ops.plans set confirmed = 5, held = 1 where plan_id = %s", (outcome.plan_id,))
