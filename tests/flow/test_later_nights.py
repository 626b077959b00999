"""Later nights: without edits nothing is planned, else only what was edited, also while one vendor is down."""

from datetime import datetime
from typing import Any

import pytest

from concord.errors import TransientError
from concord.stages.reconcile.freshness import writable_systems
from concord.stages.reconcile.identify import identify
from sandbox.vendors.tryton import server as tryton
from tests.flow.conftest import ENDED, RECONCILED, Begin, FirstNight
from tests.flow.night import DAY, EARLY, FIRST, Night
from tests.flow.vendors import ERP, SANDBOX, Vendors
from tests.flow.warehouse import Dump, count_rows, dump

pytestmark = pytest.mark.flow

SECOND = "night 2"
REMOVED = "select system, field from marts.reconciliation_discrepancies where cause = 'removed' order by 1, 2"
PHONE = "+493055501234"
# A server that was started anew sends the same JSON with its keys in another order.
AS_SENT = frozenset({"payload", "fields"})
READ_BY_US = ("landing", "validated", "ops.dispositions", "ops.identities", "ops.dead_letters", "marts")


@pytest.fixture
def tomorrow(as_of: datetime) -> datetime:
    """The end of the second night's interval, later than anything the vendors were told meanwhile."""
    return as_of + DAY


def run_night(night: Night, until: datetime) -> dict[str, int]:
    """Everything but the measure after; how much was planned at each system."""
    for system in night.systems:
        night.read_system(system, until)
    night.reconcile(SECOND)
    return {system: night.write_back(system, SECOND).planned for system in night.systems}


def changes_of(night: Night, run: str) -> list[tuple[Any, ...]]:
    return night.rows(
        "select system, resource, action, record_key, after from ops.changes join ops.plans using (plan_id) "
        "where run_id = %s order by system, sequence",
        run,
    )


def test_a_night_without_edits_plans_nothing(begin: Begin, vendors: Vendors, tomorrow: datetime) -> None:
    night = begin(ENDED)
    before = vendors.all_contents()
    assert run_night(night, tomorrow) == {"salesforce": 0, "shopify": 0, "tryton": 0}
    assert changes_of(night, SECOND) == []
    assert vendors.all_contents() == before
    assert all(vendors.effects(vendor) == {} for vendor in SANDBOX)


def test_a_night_carries_just_what_was_edited(begin: Begin, vendors: Vendors, tomorrow: datetime) -> None:
    night = begin(ENDED)
    contact, customer, mechanism = find_customer(night)
    sku, variant, item = find_product(night)
    vendors.control("salesforce", "edit", {"resource": "Contact", "id": contact, "set": {"Phone": PHONE}})
    tryton.edit(vendors.erp, "price", sku, "77.70")
    tryton.edit(vendors.erp, "stock", sku, "4321")
    order = order_again(night, vendors, customer)
    run_night(night, tomorrow)
    found = [(*row[:4], _said(row[4])) for row in changes_of(night, SECOND)]
    assert found == [
        ("shopify", "customers", "update", customer, {"phone": PHONE}),
        ("shopify", "products", "update", variant, {"price": 77.7}),
        ("shopify", "inventory_levels", "update", item, {"available_quantity": 4321}),
        ("tryton", "contact_mechanisms", "update", mechanism, {"mechanism_value": PHONE}),
        ("tryton", "sales", "create", found[-1][3], {"reference": order}),
    ]
    assert [sale[0] for sale in vendors.contents(ERP)["sales"]].count(order) == 1


def _said(after: dict[str, Any]) -> dict[str, Any]:
    return {"reference": after["reference"]} if "reference" in after else after


def find_customer(night: Night) -> tuple[str, str, str]:
    """A contact at the CRM, the same customer in the shop, and the phone that the ERP has for it."""
    ((contact, customer, mechanism),) = night.rows(
        """
        select contact.source_id, customer.source_id, min(mechanism.source_id)
        from validated.salesforce__contacts as contact
        join ops.identities as account on account.record_key = contact.account_source_id
        join ops.identities as shop on shop.golden_id = account.golden_id and shop.system = 'shopify'
        join ops.identities as erp on erp.golden_id = account.golden_id and erp.system = 'tryton'
        join validated.shopify__customers as customer on customer.source_id = shop.record_key
        join validated.tryton__contact_mechanisms as mechanism on mechanism.party_source_id = erp.record_key
        where mechanism.mechanism_type in ('phone', 'mobile') and contact.phone <> '' and customer.phone <> ''
            and (select count(*) from ops.identities where golden_id = account.golden_id) = 3
        group by 1, 2 having count(*) = 1 order by 1 limit 1
        """
    )
    return contact, customer, mechanism


def find_product(night: Night) -> tuple[str, str, str]:
    ((sku, variant, item),) = night.rows(
        "select product.sku, variant.source_id, variant.inventory_item_source_id "
        "from validated.tryton__products as product join validated.shopify__products as variant using (sku) "
        "order by 1 limit 1"
    )
    return sku, variant, item


def order_again(night: Night, vendors: Vendors, customer: str) -> str:
    """A customer orders what somebody ordered before, under a new number."""
    orders = list(vendors.world.records("shopify", "orders"))
    model = next(order for order in orders if not order["test"] and not order["cancelledAt"])
    number = f"#{max(int(order['name'][1:]) for order in orders) + 1}"
    new = {key: value for key, value in model.items() if key not in ("id", "createdAt", "updatedAt")}
    vendors.control(
        "shopify",
        "edit",
        {"resource": "orders", "set": {**new, "name": number, "customer": {"id": customer}}},
    )
    return number


def read_as_meant(night: Night) -> Dump:
    """The rows of what we read, those of landing as their types and not as the vendor's bytes."""
    found = dump(night.database.url, *READ_BY_US, without=AS_SENT)
    return {name: rows for name, rows in found.items() if not is_as_sent(name)}


def is_as_sent(table: str) -> bool:
    return table.startswith("landing.") and not table.endswith("__typed")


def test_the_same_windows_give_the_same_warehouse(begin: Begin, as_of: datetime) -> None:
    night = begin(RECONCILED)
    before = read_as_meant(night)
    assert count_rows(before) > 2000
    for system in night.systems:
        night.read_system(system, as_of)
    night.reconcile(FIRST)
    after = read_as_meant(night)
    assert {name for name in before if before[name] != after[name]} == set()


def test_a_vendor_that_is_down_leaves_the_others_unharmed(
    begin: Begin, vendors: Vendors, first_night: FirstNight, tomorrow: datetime
) -> None:
    night = begin(ENDED)
    sku, variant, _ = find_product(night)
    tryton.edit(vendors.erp, "price", sku, "88.80")
    outage = {"match": {}, "fault": {"kind": "status", "status": 503, "retry_after": 0}, "times": None}
    vendors.control("salesforce", "faults", outage)
    with pytest.raises(TransientError):
        night.read_system("salesforce", tomorrow)
    for system in ("shopify", "tryton"):
        night.read_system(system, tomorrow)
    night.reconcile(SECOND)
    reasons = writable_systems(night.database, night.systems.values(), tomorrow + EARLY)
    assert {system: reason is None for system, reason in reasons.items()} == {
        "salesforce": False, "shopify": True, "tryton": True,
    }  # fmt: skip
    for system in ("shopify", "tryton"):
        night.write_back(system, SECOND)
    assert changes_of(night, SECOND) == [("shopify", "products", "update", variant, {"price": 88.8})]
    assert vendors.contents("salesforce") == first_night.contents["salesforce"]


def remove_values(night: Night, vendors: Vendors) -> str:
    """A phone is removed at its owner, and another customer's e-mail at its own; the shop's key of the first."""
    contact, customer, _ = find_customer(night)
    vendors.control("salesforce", "edit", {"resource": "Contact", "id": contact, "set": {"Phone": None}})
    ((other,),) = night.rows(
        """
        select min(customer.source_id)
        from validated.shopify__customers as customer
        join ops.identities as shop on shop.system = 'shopify' and shop.record_key = customer.source_id
        join ops.identities as crm on crm.golden_id = shop.golden_id and crm.system = 'salesforce'
        join validated.salesforce__contacts as contact on contact.account_source_id = crm.record_key
        where contact.email = customer.email and customer.source_id <> %s
        """,
        customer,
    )
    vendors.control(
        "shopify", "edit", {"resource": "customers", "id": other, "set": {"defaultEmailAddress": None}}
    )
    return customer


def let_travel(night: Night, field: str) -> None:
    """What the business says of a field in its `removals.csv`, for the reconcile that is under way."""
    statement = "update marts.removals set removal = 'travels' where field = %s returning entity"
    assert night.rows(statement, field) == [("customer",)]


def test_a_value_removed_at_its_owner_goes_where_the_rule_says_so(
    begin: Begin, vendors: Vendors, tomorrow: datetime
) -> None:
    night = begin(ENDED)
    removed = remove_values(night, vendors)
    for system in night.systems:
        night.read_system(system, tomorrow)
    night.prepare(SECOND)
    identify(night.database, run_id=SECOND)
    let_travel(night, "phone")
    night.build("tag:marts", SECOND)
    plans = {system: night.plan(system, SECOND) for system in night.systems}
    assert not any(plan.needs_approval for plan in plans.values())
    for system, plan in plans.items():
        night.carry_out(system, plan.plan_id)
    assert changes_of(night, SECOND) == [("shopify", "customers", "update", removed, {"phone": None})]
    assert vendors.control("shopify", f"records/customers/one?id={removed}")["defaultPhoneNumber"] is None
    # The ERP takes no empty phone, so that one stays for a person, as do all e-mails of the other customer.
    assert night.rows(REMOVED) == [
        ("salesforce", "email"), ("shopify", "phone"), ("tryton", "email"), ("tryton", "phone"),
    ]  # fmt: skip
