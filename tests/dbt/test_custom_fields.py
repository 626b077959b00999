"""Fields that a business added to two systems: they are compared, owned and planned as Concord's own are."""

from pathlib import Path

import psycopg
import pytest

from concord import registry
from concord.errors import BatchError
from concord.installed import PRODUCT
from concord.settings import Settings
from concord.stages.reconcile.transform import check_models
from concord.stages.write_back.plan import plan_changes
from concord.store.engine import Database
from concord.store.tables import create_tables
from tests.dbt.conftest import Reconciliation
from tests.dbt.world_rows import insert_rows

EXTENSION = """
from concord.contract import Field, Kind, extend
EXTENSION = extend("{system}", **{{"{resource}": [
    Field("{path}", "credit_limit", Kind.DECIMAL),
    Field("{path}_note", "credit_note"),
    Field("{path}_used", "credit_used", Kind.DECIMAL, is_computed=True),
]}})
"""
OWNED = """customer,credit_limit,hubspot,1
customer,credit_limit,crm,2
customer,credit_note,crm,1
customer,credit_used,crm,1
customer,credit_used,hubspot,2
"""
NOW = "2026-11-20T08:00:00Z"


@pytest.fixture
def business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "concord.toml").write_text(
        "[systems.salesforce]\n[systems.hubspot]\nroles = ['shop']\n[systems.stripe]\n"
    )
    for folder in ("systems", "rules"):
        (tmp_path / folder).mkdir()
    for system, resource, path in (
        ("salesforce", "contacts", "Credit_Limit__c"),
        ("hubspot", "contacts", "properties.limit"),
    ):
        text = EXTENSION.format(system=system, resource=resource, path=path)
        (tmp_path / "systems" / f"{system}_fields.py").write_text(text)
    shipped = (PRODUCT / "dbt_project/seeds/field_ownership.csv").read_text()
    (tmp_path / "rules/field_ownership.csv").write_text(shipped + OWNED)
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return tmp_path


@pytest.fixture
def accounts(business: Path, database: str) -> Reconciliation:
    """Ada is known to all three, Grace to HubSpot alone; the CRM has Ada's account under another key."""
    warehouse = Database(database)
    for system in registry.systems():
        for resource in system.resources:
            create_tables(warehouse, system, resource)
    with psycopg.connect(database) as connection:
        account = {"account_name": "Ada Lovelace", "account_type": "Individual", "country_name": "Germany"}
        insert_rows(connection, "salesforce__accounts", [keyed("A1", **account, updated_at=NOW)])
        limits = {"credit_limit": "100.0", "credit_note": " a  careful payer ", "credit_used": "7"}
        contact = {"last_name": "Lovelace", "email": "ada@example.com", "account_source_id": "A1"}
        insert_rows(connection, "salesforce__contacts", [keyed("C1", **contact, **limits, updated_at=NOW)])
        ada = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "credit_limit": "250"}
        grace = {"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.com", "credit_limit": "5"}
        others = {"credit_note": "a careful payer", "credit_used": "8"}
        insert_rows(connection, "hubspot__contacts", [keyed("H1", **ada, **others, updated_at=NOW)])
        insert_rows(connection, "hubspot__contacts", [keyed("H2", **grace, updated_at=NOW)])
        payer = {"customer_name": "Ada Lovelace", "email": "ada@example.com", "changed_at": NOW}
        insert_rows(connection, "stripe__customers", [keyed("S1", **payer)])
    home = business / ".concord"
    return Reconciliation(warehouse, Settings(warehouse_url=database, home=home, reports=home), systems="")


def keyed(key: str, **values: object) -> dict[str, object]:
    return {"_key": key, "source_id": key, **values}


def test_they_are_compared_and_the_golden_customer_has_them(accounts: Reconciliation) -> None:
    accounts.run("first")
    assert accounts.rows(
        "select field, system, cause, golden_value, system_value from marts.discrepancies "
        "where field like 'credit_%' order by field, system"
    ) == [
        ("credit_limit", "salesforce", "amount", "250", "100"),
        ("credit_used", "hubspot", "amount", "7", "8"),
    ], "the third system has no such fields, and spaces do not count"
    golden = accounts.rows("select custom_fields from marts.customers where email = 'ada@example.com'")
    assert golden == [({"credit_limit": "250", "credit_note": "a careful payer", "credit_used": "7"},)]
    agreed = accounts.rows(
        "select field, compared, agreed from marts.reconciliation_agreement where field like 'credit_%' order by 1"
    )
    assert agreed == [("credit_limit", 1, 0), ("credit_note", 1, 1), ("credit_used", 1, 0)]


def test_they_are_planned_with_the_other_fields_but_those_that_the_vendor_works_out(
    accounts: Reconciliation,
) -> None:
    accounts.run("first")
    for name in ("salesforce", "hubspot"):
        plan_changes(accounts.database, system=registry.system(name), run_id="first")
    changes = accounts.rows(
        "select system, resource, action, coalesce(changes.record_key, ''), after, changes.reason "
        "from ops.changes join ops.plans using (plan_id) order by 1, 3 desc, 2"
    )
    updated = [row for row in changes if row[2] == "update"]
    assert updated == [
        (
            "salesforce",
            "contacts",
            "update",
            "C1",
            {"first_name": "Ada", "credit_limit": 250},
            "from hubspot: first_name, hubspot: credit_limit",
        )
    ]
    created = {row[1]: row[4] for row in changes if row[2] == "create" and row[0] == "salesforce"}
    assert created["contacts"]["credit_limit"] == 5
    assert not any("credit_used" in row[4] for row in changes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("customer_name", "give it another name"), ("credit_note", "there twice for one customer")],
)
def test_a_name_that_is_taken_is_refused_with_what_to_do(
    business: Path, database: str, name: str, expected: str
) -> None:
    extension = f'extend("salesforce", accounts=[Field("Second__c", "{name}")])'
    text = f"from concord.contract import Field, extend\nEXTENSION = {extension}\n"
    (business / "systems/salesforce_more.py").write_text(text)
    settings = Settings(warehouse_url=database, home=business / ".concord", reports=business)
    with pytest.raises(BatchError, match=f"{name} of salesforce .*{expected}"):
        check_models(settings, registry.systems())
