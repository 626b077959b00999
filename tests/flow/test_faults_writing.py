"""After any fault of a vendor while it is written to, each change took effect once and the result is the same."""

from typing import Any

import pytest

from concord.stages.write_back.approve import approve
from tests.flow.conftest import RECONCILED, Begin, FirstNight
from tests.flow.night import A_PERSON, FIRST, Night, patiently
from tests.flow.vendors import ERP, Vendors

pytestmark = pytest.mark.flow

WRITES = {
    "shopify": ("Update$", "inventorySetQuantities"),
    "salesforce": ("^collection_update", "^collection_upsert"),
}
FAULTS: dict[str, dict[str, Any]] = {
    "asked to wait": {"fault": {"kind": "status", "status": 429, "retry_after": 1}},
    "three server errors": {"fault": {"kind": "status", "status": 503, "retry_after": 0}, "times": 3},
    "cut before the effect": {"fault": {"kind": "cut_before"}},
    "cut after the effect": {"fault": {"kind": "cut_after"}},
    "error after the effect": {"fault": {"kind": "status_after", "status": 500}},
    "truncated answer": {"fault": {"kind": "truncate", "share": 0.5}},
    "malformed answer": {"fault": {"kind": "malformed"}},
    "token expired": {"fault": {"kind": "expired_token"}},
}
LOST = ("cut after the effect", "error after the effect", "malformed answer")
CASES = [
    *((vendor, first, name) for vendor, (first, _) in WRITES.items() for name in FAULTS),
    *((vendor, second, name) for vendor, (_, second) in WRITES.items() for name in LOST),
]
RELAYED = (
    ("party.party.create", "cut_after"),
    ("contact_mechanism.write", "cut_after"),
    ("contact_mechanism.write", "cut_before"),
    ("sale.sale.create", "cut_before"),
    ("sale.sale.create", "cut_after"),
    ("sale.sale.quote", "cut_after"),
    ("sale.sale.confirm", "cut_before"),
    ("sale.sale.confirm", "cut_after"),
    ("sale.sale.create", "refuse_token"),
    ("contact_mechanism.write", "throttle"),
)
STATES = """
select resource, entity_id, action, record_key, before, after, changes.state, is_verified
from ops.changes join ops.plans using (plan_id)
where system = %s and run_id = %s order by sequence
"""


def write_back_anyhow(night: Night, system: str) -> None:
    """A write-back whose tasks are tried again where that may help."""
    plan_id = night.plan(system, FIRST).plan_id
    approve(night.database, plan_id, A_PERSON)
    patiently(lambda: night.apply(system, plan_id))
    patiently(lambda: night.verify(system, plan_id))


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_fault_while_writing_costs_no_second_effect(
    begin: Begin, vendors: Vendors, first_night: FirstNight, case: tuple[str, str, str]
) -> None:
    vendor, write, name = case
    night = begin(RECONCILED)
    vendors.control(vendor, "faults", {"match": {"operation": write}, **FAULTS[name]})
    write_back_anyhow(night, vendor)
    (rule,) = vendors.control(vendor, "faults")
    assert rule["struck"] == FAULTS[name].get("times", 1)
    assert_calm_end(night, vendors, first_night, vendor)
    assert vendors.effects(vendor) == first_night.effects[vendor]


@pytest.mark.parametrize("case", RELAYED, ids=" ".join)
def test_a_fault_before_the_erp_costs_no_second_effect(
    begin: Begin, vendors: Vendors, first_night: FirstNight, case: tuple[str, str]
) -> None:
    night = begin(RECONCILED)
    vendors.relay.plan.append(case)
    write_back_anyhow(night, ERP)
    assert vendors.relay.plan == []
    assert_calm_end(night, vendors, first_night, ERP)


def test_each_first_answer_of_a_chain_may_be_lost(begin: Begin, vendors: Vendors, first_night: FirstNight) -> None:
    night = begin(RECONCILED)
    methods = ("party.party.create", "contact_mechanism.write", "sale.sale.create", "sale.sale.quote")
    vendors.relay.plan += [(method, "cut_after") for method in (*methods, "sale.sale.confirm")]
    write_back_anyhow(night, ERP)
    assert vendors.relay.plan == []
    assert_calm_end(night, vendors, first_night, ERP)


def assert_calm_end(night: Night, vendors: Vendors, first_night: FirstNight, system: str) -> None:
    """The vendor holds what it holds after a calm night, and every change is confirmed."""
    changes = night.rows(STATES, system, FIRST)
    assert len(changes) == first_night.outcomes[system].planned > 5
    assert {row[-2] for row in changes} == {"confirmed"}
    assert {row[-1] for row in changes if row[0] != "sales"} == {True}
    assert vendors.contents(system) == first_night.contents[system]
