"""The difference between the desired and the present values of a system, and who approves it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from concord.errors import ConfigurationError
from concord.stages.write_back.approve import POLICY, approve, decline
from concord.stages.write_back.plan import plan_changes
from concord.stages.write_back.policy import judge_plan
from tests.store.round_trip import RoundTrip


@pytest.fixture
def known(trip: RoundTrip) -> RoundTrip:
    """Three accounts and a contact, read and validated."""
    for number, credit in ((1, "10.50"), (2, "20.00"), (3, None)):
        trip.vendor.put(
            "accounts", f"A-{number}", {"name": f"Name {number}", "phone": f"{number}", "credit": credit}
        )
    trip.vendor.put("contacts", "C-1", {"account": "A-1", "email": "one@example.com"})
    trip.ingest()
    return trip


def test_only_fields_that_differ_are_planned(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", account_name="Name 1", phone="+491", credit_amount="10.5")
    plan = known.plan()
    assert known.changes(plan.plan_id) == [
        ("accounts", "update", "A-1", {"phone": "1"}, {"phone": "+491"}, "planned")
    ]
    assert (plan.planned, plan.needs_approval) == (1, False)


def test_no_opinion_is_never_written_and_empty_gets_a_value(known: RoundTrip) -> None:
    known.want("accounts", "E-3", "A-3", account_name=None, credit_amount="5")
    changes = known.changes(known.plan().plan_id)
    assert [change[3:5] for change in changes] == [({"credit_amount": None}, {"credit_amount": 5})]


def test_the_guard_is_what_validated_holds(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", phone="+491")
    plan = known.plan()
    (found,) = known.rows(
        "select (guard ->> 'updated_at')::timestamptz = updated_at from ops.changes "
        "join validated.shopfront__accounts on _key = record_key where plan_id = %s",
        plan.plan_id,
    )
    assert found == (True,)


def test_a_guard_over_several_fields_holds_them_all(known: RoundTrip) -> None:
    accounts, *others = known.system.resources
    assert accounts.writes is not None
    writes = replace(accounts.writes, guard=("updated_at", "credit_amount"))
    known.system = replace(known.system, resources=(replace(accounts, writes=writes), *others))
    known.want("accounts", "E-1", "A-1", phone="+491")
    plan = known.plan()
    (found,) = known.rows(
        "select (guard ->> 'updated_at')::timestamptz = updated_at, (guard ->> 'credit_amount')::numeric "
        "from ops.changes join validated.shopfront__accounts on _key = record_key where plan_id = %s",
        plan.plan_id,
    )
    assert found == (True, Decimal("10.50"))


def test_creates_come_before_updates_and_resources_in_their_order(known: RoundTrip) -> None:
    known.want("contacts", "E-9:contact", None, account_source_id="@accounts/E-9", email="n@example.com")
    known.want("accounts", "E-1", "A-1", phone="+491")
    known.want("accounts", "E-9", None, account_name="New", concord_id="E-9")
    changes = known.changes(known.plan().plan_id)
    assert [(change[0], change[1]) for change in changes] == [
        ("accounts", "create"),
        ("accounts", "update"),
        ("contacts", "create"),
    ]
    assert changes[0][3:5] == ({}, {"account_name": "New", "concord_id": "E-9"})


def test_a_deleted_record_is_not_updated(known: RoundTrip) -> None:
    known.vendor.put("accounts", "A-1", {"is_deleted": True})
    known.ingest(day=2)
    known.want("accounts", "E-1", "A-1", phone="+491")
    assert known.plan().planned == 0


def test_the_same_run_has_the_same_plan(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", phone="+491")
    query = "select * from ops.changes order by sequence"
    first = known.plan(), known.rows(query)
    assert (known.plan(), known.rows(query)) == first


def test_a_decided_plan_is_not_computed_anew(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", phone="+491")
    plan = known.plan()
    approve(known.database, plan.plan_id, POLICY)
    known.want("accounts", "E-2", "A-2", phone="+492")
    assert known.plan() == plan


def test_a_newer_plan_retires_one_nobody_decided_on(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", phone="+491")
    old = known.plan("night 1").plan_id
    known.plan("night 2")
    assert known.rows("select state, planned, held from ops.plans where plan_id = %s", old) == [("declined", 1, 1)]


def test_a_declined_plan_balances_and_cannot_be_approved(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", phone="+491")
    plan = known.plan()
    decline(known.database, plan.plan_id, "Ada")
    assert known.states(plan.plan_id) == ["held"]
    with pytest.raises(ConfigurationError, match="declined"):
        approve(known.database, plan.plan_id, "Ada")


def test_a_resource_of_which_no_model_speaks_is_left_as_it_is(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", phone="+491")
    with known.database.transaction() as connection:
        connection.execute("drop table marts.desired_shopfront__contacts")
    assert plan_changes(known.database, system=known.system, run_id="night 1").planned == 1


def test_a_system_of_which_no_model_speaks_is_a_sentence(known: RoundTrip) -> None:
    with known.database.transaction() as connection:
        connection.execute("drop table marts.desired_shopfront__contacts, marts.desired_shopfront__accounts")
    with pytest.raises(ConfigurationError, match=r"No model says what Shopfront .*desired_shopfront__accounts"):
        plan_changes(known.database, system=known.system, run_id="night 1")


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        pytest.param(["*,*,*,2,,credit_amount,100"], "", id="within"),
        pytest.param(["*,*,*,1,,,"], "2 updates of accounts are more than the 1", id="many"),
        pytest.param(["*,*,*,1,,,", "shopfront,accounts,update,5,,credit_amount,100"], "", id="specific"),
        pytest.param(["*,*,*,2,,,"], "move credit_amount by more than 50 %", id="default"),
        pytest.param(["*,*,*,2,,*,100"], "", id="all-fields"),
        pytest.param(["shopfront,accounts,update,5,50,,"], "touch more than 50 % of the 3", id="share"),
        pytest.param(
            ["*,*,*,5,,credit_amount,20"], "1 of the 2 updates of accounts move credit_amount", id="leap"
        ),
        pytest.param(["*,*,*,5,,credit_amount,200"], "", id="step"),
        pytest.param(["other,*,*,5,,,"], "No approval policy covers updates of accounts", id="uncovered"),
    ],
)
def test_policy_decides(known: RoundTrip, rows: list[str], reason: str) -> None:
    known.allow(*rows)
    known.want("accounts", "E-1", "A-1", credit_amount="20")
    known.want("accounts", "E-2", "A-2", phone="+492")
    plan = known.plan()
    assert plan.needs_approval is bool(reason)
    assert reason in plan.reason


CREDIT = "*,*,*,100,,credit_amount"


@pytest.mark.parametrize(
    ("limits", "credit", "reason"),
    [
        pytest.param("1000000,,,1000000,1000000", "15000", "", id="unlimited"),
        pytest.param("100000,,100,1000000,", "15000", "move credit_amount by more than 100.", id="absolute"),
        pytest.param("100000,,,,", "15000", "in all, more than 50 % of its sum", id="plan"),
        pytest.param("10,5,,,", "15", "", id="negligible"),
        pytest.param("10,4,,,", "15", "by more than 10 %", id="not negligible"),
    ],
)  # fmt: skip
def test_numbers_have_limits(known: RoundTrip, limits: str, credit: str, reason: str) -> None:
    known.allow(f"{CREDIT},{limits}")
    known.want("accounts", "E-1", "A-1", credit_amount=credit)
    plan = known.plan()
    assert plan.needs_approval is bool(reason)
    assert reason in plan.reason


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        pytest.param(
            "30,,,,", "1 of the 1 update of accounts move credit_amount by more than 30 %", id="one record"
        ),
        pytest.param("1000,,,,10", "those of the last 7 days that passed without a person", id="sum"),
        pytest.param("1000,,,,100", "", id="within"),
    ],
)
def test_numbers_do_not_creep_from_night_to_night(known: RoundTrip, limits: str, reason: str) -> None:
    known.allow(f"{CREDIT},{limits}")
    for run, credit in (("night 1", "13"), ("night 2", "15.50")):
        known.forget_wishes()
        known.want("accounts", "E-1", "A-1", credit_amount=credit)
        plan = known.plan(run)
        if run == "night 1":
            assert plan.reason == ""
            approve(known.database, plan.plan_id, POLICY)
            assert known.apply(plan.plan_id).confirmed == 1
            known.verify(plan.plan_id)
    assert plan.needs_approval is bool(reason)
    assert reason in plan.reason


def test_without_a_policy_a_person_decides(known: RoundTrip) -> None:
    with known.database.transaction() as connection:
        connection.execute("drop table marts.approval_policy")
    known.want("accounts", "E-1", "A-1", phone="+491")
    plan = known.plan()
    assert plan.needs_approval
    with pytest.raises(ConfigurationError, match="waits for a person"):
        approve(known.database, plan.plan_id, POLICY)


def test_an_empty_plan_needs_nobody(known: RoundTrip) -> None:
    known.allow("*,*,*,0,,,")
    plan = known.plan()
    with known.database.transaction() as connection:
        assert judge_plan(connection, known.system, plan.plan_id) == []
    assert (plan.planned, plan.needs_approval) == (0, False)
