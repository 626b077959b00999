"""dbt builds the project of a business: its rules in place of Concord's, and its models beside Concord's."""

from pathlib import Path

import psycopg
import pytest

from tests.dbt.conftest import Reconciliation

MODEL = """
select owners.owner, count(customers.email) as customers
from {{ ref('discrepancy_owners') }} as owners
left join {{ ref('customers') }} as customers on owners.entity = 'customer'
group by owners.owner
"""


@pytest.fixture
def business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "concord.toml").write_text("[systems.shopify]\n[systems.tryton]\n")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "discrepancy_owners.csv").write_text("entity,owner\ncustomer,Frieda\n")
    (tmp_path / "rules" / "tolerances.csv").write_text(
        "entity,field,tolerated_amount,note\nproduct,price,1,whole amounts\n"
    )
    (tmp_path / "models" / "reports").mkdir(parents=True)
    (tmp_path / "models" / "reports" / "customers_by_owner.sql").write_text(MODEL)
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    return tmp_path


def test_rules_go_before_concords_and_models_are_built_with_a_night(
    reconciliation: Reconciliation, business: Path
) -> None:
    reconciliation.run("business")
    assert reconciliation.rows("select entity, owner from marts.discrepancy_owners") == [("customer", "Frieda")]
    assert reconciliation.rows("select owner, customers from marts.customers_by_owner") == [("Frieda", 0)]
    assert reconciliation.value("select pg_typeof(tolerated_amount)::text from marts.tolerances") == "numeric"
    assert int(str(reconciliation.value("select count(*) from marts.field_ownership"))) > 50, "Concord's own"
    (business / "rules" / "discrepancy_owners.csv").write_text("entity,owner\ncustomer,Paul\n")
    reconciliation.prepare("business again")
    assert reconciliation.value("select owner from marts.discrepancy_owners") == "Paul"


def test_a_rules_file_with_other_columns_than_before_is_loaded(reconciliation: Reconciliation) -> None:
    reconciliation.prepare("older")
    with psycopg.connect(reconciliation.database.url) as connection:
        connection.execute("alter table marts.flows drop column is_for_buyers_only cascade")
        connection.execute("delete from ops.standing_nodes")  # built by an older Concord
    reconciliation.prepare("newer")
    assert int(str(reconciliation.value("select count(*) from marts.flows where is_for_buyers_only"))) > 0
