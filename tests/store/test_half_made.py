"""A record that a vendor refuses to finish is never taken for the truth, and holds no other record back."""

import pytest

from concord.errors import ConfigurationError, TransientError
from concord.stages.write_back.approve import approve
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import declare


@pytest.fixture
def refused(trip: RoundTrip) -> RoundTrip:
    """A create whose record is at the vendor and whose second step was refused; the next night has read it."""
    trip.vendor.put("accounts", "A-1", {"name": "Name 1", "phone": "1"})
    trip.ingest()
    trip.system = declare(is_finishing=True)
    trip.want("accounts", "E-9", None, account_name="New", concord_id="E-9")
    trip.vendor.faults = ["", "refuse_step"]
    assert trip.write_back("night 1").rejected == 1
    trip.ingest(day=2)
    trip.forget_wishes()
    (made,) = (key for key, item in trip.vendor.records["accounts"].items() if item.get("concord") == "E-9")
    trip.want("accounts", "E-9", made, phone="taken from the draft")
    trip.want("accounts", "E-1", "A-1", phone="+491")
    return trip


def keys_planned(trip: RoundTrip, run: str) -> list[str]:
    return [change[2] for change in trip.changes(trip.plan(run).plan_id)]


def test_what_a_record_says_that_stays_half_made_is_written_nowhere(refused: RoundTrip) -> None:
    assert keys_planned(refused, "night 2") == ["A-1"]


def test_once_a_person_has_dealt_with_it_its_entity_is_planned_again(refused: RoundTrip) -> None:
    with refused.database.transaction() as connection:
        assert connection.execute("update ops.dead_letters set state = 'replayed'").rowcount == 1
    assert len(keys_planned(refused, "night 2")) == 2


def test_a_begun_record_with_a_field_that_the_account_lost_is_for_a_person(trip: RoundTrip) -> None:
    trip.system = declare(is_finishing=True)
    trip.want("accounts", "E-9", None, account_name="New", phone="+499", concord_id="E-9")
    plan_id = trip.plan().plan_id
    approve(trip.database, plan_id, "Ada")
    trip.vendor.faults = ["", *["cut_before"] * 50]
    with pytest.raises(TransientError):
        trip.apply(plan_id)
    trip.vendor.faults = []
    trip.lose("accounts", "phone")
    with pytest.raises(ConfigurationError, match="accounts holds phone, which is not there any more"):
        trip.apply(plan_id)
    assert trip.states(plan_id) == ["planned"]
