"""A value that should be none is planned as null, within limits, and never sent where the vendor needs one."""

import pytest

from tests.store.round_trip import RoundTrip

EMPTY = ""
ONE_MAY_GO = "*,*,*,9,,,,,,,,1"


@pytest.fixture
def known(trip: RoundTrip) -> RoundTrip:
    """Two accounts, read and validated, of which a model may say that a number should be none."""
    for number in (1, 2):
        trip.vendor.put("accounts", f"A-{number}", {"name": f"Name {number}", "phone": "1", "credit": "10.50"})
    trip.ingest()
    with trip.database.transaction() as connection:
        connection.execute("alter table marts.desired_shopfront__accounts alter credit_amount type text")
    return trip


def test_a_text_and_a_number_are_emptied_and_read_back_as_none(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", phone=EMPTY, credit_amount=EMPTY)
    outcome = known.write_back()
    ((before, after, is_verified),) = known.rows("select before, after, is_verified from ops.changes")
    assert (before, after) == ({"phone": "1", "credit_amount": 10.5}, {"phone": None, "credit_amount": None})
    assert (outcome.confirmed, is_verified) == (1, True)
    assert {known.vendor.records["accounts"]["A-1"][name] for name in ("phone", "credit")} == {None}
    assert known.plan("night 2").planned == 0


def test_an_emptied_value_comes_back_by_an_undo(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", phone=EMPTY)
    known.carry_out(known.undo(known.write_back().plan_id).plan_id)
    assert known.vendor.records["accounts"]["A-1"]["phone"] == "1"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(ONE_MAY_GO, "", id="within"),
        pytest.param("*,*,*,9", "1 update of accounts take away 1 value, more than the 0", id="default"),
    ],
)
def test_the_policy_says_how_many_values_may_be_emptied(known: RoundTrip, row: str, reason: str) -> None:
    known.allow(row)
    known.want("accounts", "E-1", "A-1", phone=EMPTY)
    plan = known.plan()
    assert plan.needs_approval is bool(reason)
    assert reason in plan.reason


def test_a_value_that_is_replaced_is_not_emptied(known: RoundTrip) -> None:
    known.allow("*,*,*,9")
    known.want("accounts", "E-1", "A-1", phone="2")
    assert not known.plan().needs_approval


def test_what_a_vendor_needs_is_refused_before_sending_and_others_are_written(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", account_name=EMPTY)
    known.want("accounts", "E-2", "A-2", phone=EMPTY)
    outcome = known.write_back()
    assert (outcome.confirmed, outcome.rejected) == (1, 1)
    assert [key for _, key, _ in known.vendor.effects] == ["A-2"]
    ((message, attempts),) = known.rows("select message, attempts from ops.changes where state = 'rejected'")
    assert "account_name cannot be emptied there" in message
    assert attempts == 0
    assert known.vendor.records["accounts"]["A-1"]["name"] == "Name 1"
