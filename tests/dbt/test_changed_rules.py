"""A changed row of some rules files lets no more be worked on than the records that it is about."""

from pathlib import Path

import psycopg
import pytest

from concord import registry
from concord.installed import PRODUCT
from concord.settings import Settings
from concord.stages.reconcile.build import build
from concord.store.engine import Database
from concord.store.tables import create_tables
from tests.dbt.conftest import Reconciliation
from tests.dbt.covered import cover_all
from tests.dbt.world_rows import insert_rows

SEEDS = PRODUCT / "dbt_project/seeds"
NOW = "2026-11-20T08:00:00Z"
DECIDED = """left_system,left_key,right_system,right_key,is_same_customer,note
hubspot,H1,stripe,S1,true,a person looked
"""
HOLDERS = "select count(distinct golden_id) from ops.identities where record_key in ('H1', 'S1')"


@pytest.fixture
def business(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Reconciliation:
    """A business with two people in each of two systems, of whom nobody is known to be one, built once."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "concord.toml").write_text("[systems.hubspot]\n[systems.stripe]\n")
    for rule in ("identity_decisions", "approval_policy"):
        (tmp_path / f"rules/{rule}.csv").write_text((SEEDS / f"{rule}.csv").read_text())
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    monkeypatch.setattr("concord.stages.reconcile.scope._MOST", 2.0)
    for system in registry.systems():
        for resource in system.resources:
            create_tables(Database(database), system, resource)
    with psycopg.connect(database) as connection:
        for number, name in enumerate(("Lovelace", "Hopper"), 1):
            person = {"_key": f"H{number}", "source_id": f"H{number}", "last_name": name, "updated_at": NOW}
            insert_rows(connection, "hubspot__contacts", [{**person, "email": f"{name}@example.com"}])
            payer = {"_key": f"S{number}", "source_id": f"S{number}", "customer_name": f"Payer {number}"}
            insert_rows(connection, "stripe__customers", [{**payer, "changed_at": NOW}])
    cover_all(Database(database), registry.systems())
    home = tmp_path / ".concord"
    found = Reconciliation(
        Database(database), Settings(warehouse_url=database, home=home, reports=home), systems=""
    )
    found.run("first")
    found.report("first")
    return found


def worked_on(business: Reconciliation, name: str) -> int | None:
    """How many records a night works on, None for all."""
    with business.environment():
        return build(business.settings, business.database, registry.systems(), run_id=name).worked_on


def test_changed_rows_let_their_records_be_worked_on_and_no_others(
    business: Reconciliation, tmp_path: Path
) -> None:
    decisions, policy = tmp_path / "rules/identity_decisions.csv", tmp_path / "rules/approval_policy.csv"
    rows = policy.read_text().splitlines(keepends=True)
    policy.write_text("".join(rows[:-1]))
    assert worked_on(business, "policy") == 0
    assert business.value("select count(*) from marts.approval_policy") == len(rows) - 2
    assert business.value(HOLDERS) == 2
    decisions.write_text(DECIDED)
    assert worked_on(business, "joined") == 2
    assert business.value(HOLDERS) == 1
