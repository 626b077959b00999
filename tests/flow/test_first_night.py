"""After a first night over records with faults the systems agree, and nothing wrong was written."""

from collections import Counter

import pytest

from sandbox.referee.night import judge_night
from sandbox.referee.verdict import LEAST_AGREEMENT, Verdict
from tests.flow.conftest import ENDED, Begin, FirstNight
from tests.flow.night import Night
from tests.flow.vendors import Vendors
from tests.flow.warehouse import dump

pytestmark = pytest.mark.flow

UNBALANCED_BATCHES = """
select batches.batch_id from ops.batches
left join (select batch_id, count(*) as judged from ops.dispositions group by batch_id) as counted using (batch_id)
where state = 'covered' and (
    received <> validated + quarantined + repeated or received <> coalesce(counted.judged, 0)
)
"""
UNBALANCED_PLANS = """
select plan_id from ops.plans
where state <> 'applied' or planned <> confirmed + rejected + conflicted + unknown + held
    or planned <> (select count(*) from ops.changes where changes.plan_id = plans.plan_id)
    or confirmed <> (
        select count(*) from ops.changes where changes.plan_id = plans.plan_id and state = 'confirmed'
    )
"""


@pytest.fixture
def morning(begin: Begin) -> Night:
    return begin(ENDED)


@pytest.fixture
def verdict(morning: Night, vendors: Vendors) -> Verdict:
    return judge_night(vendors.world, vendors.staged_systems(), morning.database)


def test_the_systems_agree_after_the_night(first_night: FirstNight) -> None:
    before, after = first_night.before, first_night.after
    assert before.compared > 1000
    assert before.agreed < before.compared
    assert after.agreed > before.agreed
    assert after.agreed >= LEAST_AGREEMENT * after.compared


def test_every_write_is_what_the_truth_says(verdict: Verdict) -> None:
    assert set(verdict.writes) == {"salesforce", "shopify", "tryton"}
    assert min(verdict.writes.values()) >= 5
    assert verdict.wrong == []


def test_records_of_one_customer_are_found_and_no_others(verdict: Verdict, vendors: Vendors) -> None:
    assert vendors.world.truth.true_pairs() > 150
    assert verdict.precision == 1.0
    assert verdict.recall >= 0.97


def test_every_change_is_confirmed_and_read_back(first_night: FirstNight, morning: Night) -> None:
    assert all(outcome.planned for outcome in first_night.outcomes.values())
    assert all(outcome.confirmed == outcome.planned for outcome in first_night.outcomes.values())
    unverified = morning.rows(
        "select change_id from ops.changes where resource <> 'sales' and is_verified is not true"
    )
    assert unverified == []


def test_the_books_balance(morning: Night) -> None:
    counts = morning.rows("select (select count(*) from ops.batches), (select count(*) from ops.plans)")
    assert counts == [(15 + read_backs(morning), 3)]
    assert morning.rows(UNBALANCED_BATCHES) == []
    assert morning.rows(UNBALANCED_PLANS) == []


def read_backs(night: Night) -> int:
    ((count,),) = night.rows("select count(*) from ops.batches where purpose = 'read_back'")
    return int(count)


def test_all_that_is_broken_is_set_aside_and_nothing_else(verdict: Verdict) -> None:
    assert verdict.dead_letters.planted >= 3
    assert (verdict.dead_letters.missed, verdict.dead_letters.invented) == ((), ())


def test_the_erp_gets_each_missing_order_once_and_no_test_order(vendors: Vendors, first_night: FirstNight) -> None:
    sales = Counter(sale[0] for sale in first_night.contents["tryton"]["sales"])
    truth = vendors.world.truth
    assert len(truth.missing_orders) >= 5
    assert len(truth.test_orders) >= 3
    assert [number for number in truth.missing_orders if sales[number] != 1] == []
    assert [number for number in truth.test_orders if sales[number]] == []


def test_identities_and_marts_hold_rows(morning: Night) -> None:
    marts = dump(morning.database.url, "marts", "ops.identities")
    needed = ("marts.customers", "marts.orders", "marts.products", "ops.identities")
    assert all(len(marts[name]) >= 40 for name in needed)
