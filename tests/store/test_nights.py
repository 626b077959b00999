"""What nights and backfills know of each other: filled days, a night half read, old plans, records read since."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from concord.contract import System
from concord.stages.reconcile.freshness import refuse_half_read
from concord.stages.write_back.approve import approve
from concord.store.engine import PLANNER, Database
from concord.store.ledger import nights
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import declare

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
DAY, HALF_PAST = timedelta(days=1), timedelta(minutes=30)
COVER = """
insert into ops.batches (batch_id, system, resource, purpose, covered_window, state)
select concat(%(system)s::text, %(until)s::timestamptz, resource), %(system)s::text, resource, 'window',
    tstzrange('2000-01-01', %(until)s::timestamptz), 'covered'
from unnest(%(resources)s::text[]) as resource
"""


@pytest.fixture
def wishful(trip: RoundTrip) -> RoundTrip:
    for number in (1, 2):
        trip.vendor.put("accounts", f"A-{number}", {"name": f"Name {number}", "phone": str(number)})
        trip.want("accounts", f"E-{number}", f"A-{number}", phone=f"+49{number}")
    trip.want("accounts", "E-9", None, account_name="New")
    trip.ingest()
    return trip


def reconcile(trip: RoundTrip, run: str) -> None:
    """What the ledger keeps of a reconcile; the wishes stay as the test made them."""
    with trip.database.transaction(PLANNER) as connection:
        nights.record_begun(connection, run)
        nights.record_built(connection, run)


def planned(trip: RoundTrip, run: str) -> list[tuple[str, str]]:
    plan = trip.plan(run).plan_id
    return trip.rows(f"select action, entity_id from ops.changes where plan_id = '{plan}' order by 1, 2")  # type: ignore[return-value]  # two texts


def test_a_record_that_was_read_after_the_reconcile_is_left_for_the_next(wishful: RoundTrip) -> None:
    reconcile(wishful, "night 1")
    wishful.vendor.put("accounts", "A-1", {"name": "Name 1", "phone": "changed meanwhile"})
    wishful.ingest(day=2)
    assert planned(wishful, "night 1") == [("update", "E-2")]
    reconcile(wishful, "night 2")
    assert planned(wishful, "night 2") == [("create", "E-9"), ("update", "E-1"), ("update", "E-2")]


def test_reading_the_same_again_leaves_nothing_out(wishful: RoundTrip) -> None:
    reconcile(wishful, "night 1")
    wishful.ingest(day=2)
    assert planned(wishful, "night 1") == [("create", "E-9"), ("update", "E-1"), ("update", "E-2")]


def test_marts_that_failed_do_not_count_as_a_newer_desired_state(wishful: RoundTrip) -> None:
    reconcile(wishful, "night 1")
    wishful.vendor.put("accounts", "A-1", {"name": "Name 1", "phone": "changed meanwhile"})
    wishful.ingest(day=2)
    with wishful.database.transaction(PLANNER) as connection:
        nights.record_begun(connection, "night 2")
    assert planned(wishful, "night 2") == [("update", "E-2")]


def test_an_approved_plan_that_was_not_carried_out_is_closed_by_the_next(wishful: RoundTrip) -> None:
    old = wishful.plan("night 1").plan_id
    approve(wishful.database, old, "a person")
    new = wishful.plan("night 2").plan_id
    outcome = wishful.apply(old)
    assert (outcome.planned, outcome.held) == (3, 3), "an old plan was sent after a newer one was made"
    assert wishful.carry_out(new).confirmed == 3
    assert {record["phone"] for record in wishful.vendor.records["accounts"].values() if "phone" in record} >= {
        "+491",
        "+492",
    }


def test_what_a_later_plan_wrote_does_not_make_an_old_write_lost(wishful: RoundTrip) -> None:
    old = wishful.write_back("night 1").plan_id
    wishful.forget_wishes()
    wishful.want("accounts", "E-1", "A-1", phone="+4999")
    wishful.write_back("night 2")
    counts = wishful.verify(old)
    assert (counts.verified, counts.differing) == (3, 0)


def test_what_a_person_changed_after_it_was_verified_does_not_reject_the_write(wishful: RoundTrip) -> None:
    plan = wishful.write_back("night 1").plan_id
    wishful.vendor.put("accounts", "A-1", {"phone": "corrected a week later"})
    counts = wishful.verify(plan)
    assert (counts.verified, counts.differing) == (3, 0)
    assert wishful.rows("select count(*) from ops.dead_letters") == [(0,)]


def test_filled_days_are_reconciled_once(database: str) -> None:
    with Database(database).transaction(PLANNER) as connection:
        for day in ("one", "two", "three"):
            nights.record_filled(connection, "shopify", day)
        assert nights.list_filled_systems(connection) == ["shopify"]
        assert nights.claim_filled(connection, "first") == 3
        assert nights.claim_filled(connection, "first") == 3, "a task that runs again has the same days"
        assert nights.claim_filled(connection, "second") == 0
        assert nights.list_filled_systems(connection) == []
        nights.record_filled(connection, "shopify", "two")
        assert nights.claim_filled(connection, "third") == 1, "a day that was read again is reconciled again"


def cover(url: str, system: System, until: datetime) -> None:
    resources = [resource.name for resource in system.resources]
    with psycopg.connect(url) as connection:
        connection.execute(COVER, {"system": system.name, "resources": resources, "until": until})


def test_nothing_is_written_of_a_night_that_is_read_by_half(database: str) -> None:
    """The reading begins at 00:00 and is reconciled at 02:00 with what there is."""
    shop, other = declare(), replace(declare(), name="othershop")
    cover(database, shop, MIDNIGHT)
    cover(database, other, MIDNIGHT - DAY)

    def refuse(moment: datetime) -> str:
        return refuse_half_read(Database(database), (shop, other), moment) or ""

    assert refuse(MIDNIGHT + HALF_PAST).startswith("othershop was not read and accepted tonight so far")
    assert refuse(MIDNIGHT + 2 * HALF_PAST + timedelta(hours=1)) == ""
    cover(database, other, MIDNIGHT)
    assert refuse(MIDNIGHT + HALF_PAST) == ""
