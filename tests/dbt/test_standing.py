"""What stands between nights is not built again until its project changes or it is gone."""

from pathlib import Path

import psycopg
import pytest

from concord import registry
from concord.errors import BatchError
from concord.installed import PRODUCT
from concord.settings import Settings
from concord.stages.reconcile.standing import Standing, repeated_tests
from concord.stages.reconcile.transform import parse_project
from concord.store.engine import Database
from concord.store.tables import create_tables
from tests.dbt.conftest import Reconciliation
from tests.dbt.world_rows import insert_rows

OWNERS = (PRODUCT / "dbt_project/seeds/field_ownership.csv").read_text()
EXTENSION = """
from concord.contract import Field, extend
EXTENSION = extend("stripe", customers=[Field("balance", "account_balance")])
"""
NOW = "2026-11-20T08:00:00Z"
READ_BACK = """
insert into ops.batches (batch_id, system, resource, purpose, state)
values ('b', 'hubspot', 'contacts', 'read_back', 'covered')
"""


@pytest.fixture
def business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for part in ("rules", "systems"):
        (tmp_path / part).mkdir()
    (tmp_path / "concord.toml").write_text("[systems.hubspot]\n[systems.stripe]\n")
    (tmp_path / "rules/field_ownership.csv").write_text(OWNERS)
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return tmp_path


@pytest.fixture
def warehouse(business: Path, database: str) -> Reconciliation:
    for system in registry.systems():
        for resource in system.resources:
            create_tables(Database(database), system, resource)
    with psycopg.connect(database) as connection:
        ada = {
            "source_id": "H1",
            "last_name": "Lovelace",
            "email": "ada@example.com",
            "phone": "030 1234567",
            "country_name": "Germany",
        }
        insert_rows(connection, "hubspot__contacts", [{"_key": "H1", **ada, "updated_at": NOW}])
        payer = {"source_id": "S1", "customer_name": "Ada Lovelace", "email": "ada@example.com"}
        insert_rows(connection, "stripe__customers", [{"_key": "S1", **payer, "phone": "1", "changed_at": NOW}])
    home = business / ".concord"
    return Reconciliation(
        Database(database), Settings(warehouse_url=database, home=home, reports=home), systems=""
    )


def results(warehouse: Reconciliation) -> list[tuple[object, ...]]:
    return warehouse.rows("select field, system, value from marts.field_sources order by 1, 2, 3")


def execute(warehouse: Reconciliation, statement: str) -> None:
    with psycopg.connect(warehouse.database.url) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def test_a_second_night_builds_only_what_is_made_of_records(warehouse: Reconciliation) -> None:
    first = warehouse.prepare("first")
    warehouse.run("first")
    before = results(warehouse)
    second = warehouse.prepare("second")
    assert second < first / 3
    execute(warehouse, "update validated.hubspot__contacts set last_name = 'King', phone = '+49 30 7654321'")
    warehouse.run("third")
    changed = set(results(warehouse)) - set(before)
    assert ("last_name", "hubspot", "King") in changed
    assert ("phone", "hubspot", "+49307654321") in changed, "a new spelling is read before it is compared"


def test_a_changed_rule_and_a_view_that_is_gone_are_built_again(warehouse: Reconciliation, business: Path) -> None:
    warehouse.run("first")
    least = warehouse.prepare("second")
    assert ("phone", "hubspot", "+49301234567") in results(warehouse)
    (business / "rules/field_ownership.csv").write_text(OWNERS.replace("phone,crm,1", "phone,crm,9"))
    assert warehouse.prepare("third") > 3 * least
    assert warehouse.prepare("fourth") == least
    assert warehouse.rows(
        "select ownership_rank > 1 from intermediate.int_systems__ownership "
        "where field = 'phone' and system = 'hubspot'"
    ) == [(True,)]
    execute(warehouse, "drop view staging.stg_stripe__customers cascade")
    assert warehouse.prepare("fifth") > 3 * least
    warehouse.run("sixth")
    assert warehouse.rows("select count(*) from marts.customers") == [(1,)]


def test_what_failed_half_built_is_built_again_when_the_rules_are_as_before(
    warehouse: Reconciliation, business: Path
) -> None:
    warehouse.prepare("first")
    least = warehouse.prepare("second")
    owners = business / "rules/field_ownership.csv"
    owners.write_text(OWNERS + "customer,phone,crm,1\n")
    with pytest.raises(BatchError, match="unique_together_field_ownership"):
        warehouse.prepare("third")
    owners.write_text(OWNERS)
    assert warehouse.prepare("fourth") > 3 * least


def test_a_declared_field_is_seen_by_views_that_take_all(warehouse: Reconciliation, business: Path) -> None:
    def standing() -> Standing:
        project = parse_project(warehouse.settings, registry.systems())
        return Standing(project.manifest, registry.systems())

    warehouse.prepare("first")
    with warehouse.environment():
        assert standing().is_built(warehouse.database)
        (business / "systems/more.py").write_text(EXTENSION)
        registry._modules_of_project.cache_clear()  # as a restart does
        registry._declared.cache_clear()
        registry._as_used.cache_clear()
        registry._with_worklists.cache_clear()
        assert not standing().is_built(warehouse.database)


def test_the_report_repeats_no_test_of_what_was_reconciled(warehouse: Reconciliation) -> None:
    with warehouse.environment():
        project = parse_project(warehouse.settings, registry.systems()).manifest
    repeated = repeated_tests(project, ("prepare", "marts"))
    assert "an_owner_is_never_corrected" in repeated
    assert "relationships_customer_xref_customer_id__customer_id__ref_customers_" in repeated
    of_report = [node.name for node in project.nodes.values() if node.name.startswith("primary_key_int_cash__")]
    assert len(of_report) > 0
    assert not set(of_report) & set(repeated)


def test_the_report_builds_again_only_what_was_built_from_less(warehouse: Reconciliation) -> None:
    warehouse.run("first")
    for_people = warehouse.report("first")
    assert for_people.identities == {}
    assert warehouse.report("first").nodes == for_people.nodes
    execute(warehouse, READ_BACK)
    assert warehouse.report("first").nodes > 3 * for_people.nodes
    warehouse.run("second")
    execute(warehouse, "update validated.hubspot__contacts set last_name = 'King'")
    after_a_write = warehouse.report("second")
    assert after_a_write.nodes > 3 * for_people.nodes
    assert after_a_write.identities["records"] == 2
    assert ("last_name", "hubspot", "King") in results(warehouse)
