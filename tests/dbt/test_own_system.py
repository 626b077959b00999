"""A system that only a project knows: its customers are matched with a CRM's, and are to be corrected."""

from pathlib import Path

import psycopg
import pytest

from concord import registry
from concord.settings import Settings
from concord.store.engine import Database
from concord.store.tables import create_tables
from tests.dbt.conftest import Reconciliation
from tests.dbt.world_rows import insert_rows

PROJECT = {
    "concord.toml": '[systems.till]\nroles = ["shop"]\n[systems.salesforce]\n',
    "systems/till.py": """
from dataclasses import replace
from concord.systems.stripe import SYSTEM as COPIED
SYSTEM = replace(COPIED, name="till", title="Till", connection="till_default", roles={})
""",
    "models/customers__till.sql": """
with customers as (
    select * from {{ source('till', 'till__customers') }} where not _is_deleted
)
{{ shaped_as(
    'customers', 'customers',
    kept=['street', 'city', 'postal_code'],
    columns={
        'record_key': '_key', 'record_name': 'customer_name', 'email_as_written': 'email',
        'phone_as_written': 'phone', 'country_as_written': 'country_code', 'can_name_company': 'true',
        'changed_at': believed('changed_at')
    }
) }}
""",
    "models/desired_till__customers.sql": """
select
    customers.entity_id as _entity_id,
    customers.record_key as _key,
    coalesce(corrections.reason, 'agrees') as _reason,
    coalesce(corrections.phone, customers.phone_as_written) as phone
from {{ ref('int_customers__identified') }} as customers
left join {{ ref('int_customers__corrections') }} as corrections
    on customers.golden_id = corrections.golden_id and customers.system = corrections.system
where customers.system = 'till'
""",
}
NOW = "2026-11-20T08:00:00Z"


@pytest.fixture
def business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return tmp_path


@pytest.fixture
def till(business: Path, database: str) -> Reconciliation:
    """A warehouse with one customer of the till, whom the CRM knows under another phone number."""
    warehouse = Database(database)
    for system in registry.systems():
        for resource in system.resources:
            create_tables(warehouse, system, resource)
    with psycopg.connect(database) as connection:
        customer = {"customer_name": "Ada Lovelace", "email": "ADA@example.com", "phone": "030 1234567"}
        insert_rows(connection, "till__customers", [keyed("T1", **customer, country_code="DE", changed_at=NOW)])
        account = {"account_name": "Ada Lovelace", "account_type": "Individual", "country_name": "Germany"}
        insert_rows(connection, "salesforce__accounts", [keyed("A1", **account, updated_at=NOW)])
        contact = {"last_name": "Lovelace", "email": "ada@example.com", "phone": "+49 30 7654321"}
        insert_rows(
            connection, "salesforce__contacts", [keyed("C1", **contact, account_source_id="A1", updated_at=NOW)]
        )
    home = business / ".concord"
    return Reconciliation(warehouse, Settings(warehouse_url=database, home=home, reports=home), systems="")


def keyed(key: str, **values: object) -> dict[str, object]:
    return {"_key": key, "source_id": key, **values}


def test_its_customers_are_matched_and_get_what_their_owners_say(till: Reconciliation) -> None:
    assert [item.name for item in registry.written_systems()] == ["salesforce", "till"]
    till.run("first")
    matched = till.rows("select customer_id, system, record_key from marts.customer_xref order by system")
    assert [row[1:] for row in matched] == [("salesforce", "A1"), ("till", "T1")]
    assert len({row[0] for row in matched}) == 1
    assert till.rows("select _key, _reason, phone from marts.desired_till__customers") == [
        ("T1", "from salesforce: phone", "+49307654321")
    ]
    lacking = till.rows("select field from marts.discrepancies where system = 'till' and cause = 'missing_value'")
    assert lacking == [], "it has neither first names nor last names"
