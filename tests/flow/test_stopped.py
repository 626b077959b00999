"""A stopped Tryton does not disturb other systems, and the night after its restart ends like any other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from concord.errors import TransientError
from concord.stages.reconcile.freshness import writable_systems
from concord.stages.write_back.approve import approve
from tests.flow.conftest import EMPTY, RECONCILED, Begin, FirstNight
from tests.flow.night import A_PERSON, DAY, EARLY, FIRST, Night
from tests.flow.vendors import ERP, SANDBOX, Vendors

pytestmark = pytest.mark.flow

SECOND = "night 2"
OWNED_BY_ERP = {("shopify", name) for name in ("available_quantity", "price", "street", "city", "postal_code")}
FIELDS = """
select distinct system, field from ops.changes join ops.plans using (plan_id), jsonb_object_keys(after) as field
where run_id = %s
"""


@pytest.fixture
def stoppable(vendors: Vendors) -> Iterator[Vendors]:
    """The vendors, with Tryton up again at the end."""
    yield vendors
    vendors.start_erp()


def reach_directly(night: Night, vendors: Vendors) -> Night:
    """Without the relay, which would answer in the place of a server that is gone."""
    straight = replace(night.connections[ERP], url=vendors.erp.url)
    return replace(night, connections={**night.connections, ERP: straight})


def refuse_in_a_sentence(caught: pytest.ExceptionInfo[TransientError]) -> None:
    message = caught.value.message
    assert "The server cannot be reached; check" in message
    assert "that the system is up" in message
    assert "\n" not in message


def test_a_first_night_without_the_erp_waits_for_what_it_owns(
    begin: Begin, stoppable: Vendors, first_night: FirstNight, as_of: datetime
) -> None:
    night = reach_directly(begin(EMPTY), stoppable)
    before = stoppable.contents(ERP)
    stoppable.kill_erp()
    with pytest.raises(TransientError) as caught:
        night.read_system(ERP, as_of)
    refuse_in_a_sentence(caught)
    for system in SANDBOX:
        night.read_system(system, as_of)
    night.reconcile(FIRST)
    reasons = writable_systems(night.database, night.systems.values(), as_of + EARLY)
    assert [system for system, reason in reasons.items() if reason] == [ERP]
    assert "was never read" in str(reasons[ERP])
    outcomes = [night.write_back(system, FIRST) for system in SANDBOX]
    assert all(outcome.confirmed == outcome.planned > 2 for outcome in outcomes)
    assert not OWNED_BY_ERP & planned_fields(night, FIRST)
    assert stoppable.contents(ERP) == before
    stoppable.start_erp()
    for system in night.systems:
        night.read_system(system, as_of + DAY)
    night.reconcile(SECOND)
    for system in night.systems:
        night.write_back(system, SECOND)
    assert planned_fields(night, SECOND) >= OWNED_BY_ERP
    assert stoppable.all_contents() == first_night.contents


def planned_fields(night: Night, run: str) -> set[tuple[str, str]]:
    rows = night.rows(FIELDS, run)
    return {(str(system), str(name)) for system, name in rows}


def test_an_erp_that_dies_before_its_plan_is_carried_out_gets_it_later(
    begin: Begin, stoppable: Vendors, first_night: FirstNight
) -> None:
    night = reach_directly(begin(RECONCILED), stoppable)
    plan_id = night.plan(ERP, FIRST).plan_id
    approve(night.database, plan_id, A_PERSON)
    stoppable.kill_erp()
    with pytest.raises(TransientError) as caught:
        night.apply(ERP, plan_id)
    refuse_in_a_sentence(caught)
    states = night.rows("select distinct state from ops.changes where plan_id = %s", plan_id)
    assert states == [("planned",)]
    for system in SANDBOX:
        assert night.write_back(system, FIRST) == first_night.outcomes[system]
    assert stoppable.contents(ERP) == first_night.loaded[ERP]
    stoppable.start_erp()
    assert night.carry_out(ERP, plan_id) == first_night.outcomes[ERP]
    assert stoppable.all_contents() == first_night.contents
