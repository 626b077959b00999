"""Numbers do not pass the limits of the policy that is shipped: of records, and of the items of a list."""

import csv
from dataclasses import replace

import pytest

from concord.installed import PRODUCT
from tests.store.round_trip import RoundTrip

POLICY = PRODUCT / "dbt_project" / "seeds" / "approval_policy.csv"
HELD = 40
FIFTH = HELD // 5


@pytest.fixture
def stocked(trip: RoundTrip) -> RoundTrip:
    """Records of which each holds 12 of something."""
    for number in range(HELD):
        trip.vendor.put("accounts", f"A-{number}", {"name": f"Name {number}", "credit": "12"})
    trip.ingest()
    return trip


def row_of(system: str, resource: str, action: str) -> list[str]:
    """A row of the policy that is shipped."""
    with POLICY.open() as file:
        (found,) = [row for row in csv.reader(file) if row[:3] == [system, resource, action]]
    return found


def test_stock_times_a_thousand_on_a_fifth_of_the_products_does_not_pass(stocked: RoundTrip) -> None:
    row = row_of("shopify", "inventory_levels", "update")
    assert row[5] == "available_quantity"
    stocked.allow(",".join(["shopfront", "accounts", "update", *row[3:5], "credit_amount", *row[6:]]))
    for number in range(FIFTH):
        stocked.want("accounts", f"E-{number}", f"A-{number}", credit_amount="12000")
    plan = stocked.plan()
    assert (plan.planned, plan.needs_approval) == (FIFTH, True)
    assert f"{FIFTH} of the {FIFTH} updates of accounts move credit_amount by more than 200 %" in plan.reason
    assert f"{FIFTH} of the {FIFTH} updates of accounts move credit_amount by more than 1000." in plan.reason
    assert "in all, more than 25 % of its sum" in plan.reason


def test_stock_that_is_sold_passes(stocked: RoundTrip) -> None:
    row = row_of("shopify", "inventory_levels", "update")
    stocked.allow(",".join(["shopfront", "accounts", "update", *row[3:5], "credit_amount", *row[6:]]))
    for number in range(FIFTH):
        stocked.want("accounts", f"E-{number}", f"A-{number}", credit_amount="9")
    plan = stocked.plan()
    assert (plan.planned, plan.needs_approval, plan.reason) == (FIFTH, False, "")


@pytest.mark.parametrize(
    ("limit", "quantity", "reason"),
    [
        ("", "3", ""),
        ("", "300000", "1 of the 1 create of contacts hold a quantity in tags beyond 100000."),
        ("", '"300000"', "hold a quantity in tags beyond 100000."),
        ("", '"many"', "hold a quantity in tags beyond 100000."),
        ("", "null", ""),
        ("*,*,*,,,tags.quantity,,,1000", "3000", "hold a quantity in tags beyond 1000."),
    ],
)
def test_the_numbers_of_a_list_have_limits(trip: RoundTrip, limit: str, quantity: str, reason: str) -> None:
    accounts, contacts = trip.system.resources
    fields = tuple(
        replace(item, numbers=("quantity",)) if item.name == "tags" else item for item in contacts.fields
    )
    trip.system = replace(trip.system, resources=(accounts, replace(contacts, fields=fields)))
    trip.allow("*,*,*,100,,,", *filter(None, [limit]))
    tags = f'[{{"quantity": 1}}, {{"quantity": {quantity}}}]'
    trip.want("contacts", "E-1", None, account_source_id="A-1", email="n@example.com", tags=tags)
    plan = trip.plan()
    assert plan.planned == 1
    assert (reason in plan.reason, plan.needs_approval) == (True, bool(reason))
