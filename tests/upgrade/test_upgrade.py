"""A warehouse of an earlier version is taken over: it is migrated, its ledger is read, and nights go on in it."""

import re
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from concord import registry
from concord.cli.installation_start import prepare_warehouse
from concord.cli.main import app
from concord.settings import Settings
from concord.store.engine import TRANSFORMER, Database
from concord.store.migrate import list_missing
from tests.flow.night import Night
from tests.upgrade.keep import KEPT, UNDONE, restore, write_project

FILES = sorted(KEPT.glob("*.sql.gz"))
GROWING = ("ops.changes", "ops.dispositions", "ops.journal", "landing.hubspot__contacts", "ops.dbt_results")
CHANGED = """
select plans.system, changes.record_key from ops.changes join ops.plans using (plan_id)
where changes.state = 'confirmed' and changes.action = 'update' limit 1
"""


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql.SQL(query)).fetchall()


@pytest.fixture(params=FILES, ids=[file.name.partition(".")[0] for file in FILES])
def warehouse(
    request: pytest.FixtureRequest,
    template: str,  # which makes the roles
    empty_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The address of a kept warehouse, as its version left it, of the project that is run."""
    restore(request.param, empty_database)
    name = sql.Identifier(empty_database.rpartition("/")[2])
    with psycopg.connect(empty_database) as connection:  # which belongs to the database, and not to its content
        connection.execute(sql.SQL("grant create on database {} to {}").format(name, sql.Identifier(TRANSFORMER)))
    write_project(tmp_path)
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", empty_database)
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return empty_database


def say(*arguments: str) -> str:
    """What the command line says."""
    told = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "240"})
    assert told.exit_code == 0, (told.output, told.exception)
    return told.output


def test_it_is_brought_to_the_tables_of_this_version(warehouse: str) -> None:
    counted = " union all ".join(f"select count(*) from {table}" for table in GROWING)
    before = ask(warehouse, counted)
    say("migrate")
    assert list_missing(Database(warehouse)) == []
    assert ask(warehouse, counted) == before
    assert min(int(str(row[0])) for row in before) > 10
    partitioned = (
        "select count(*) from pg_class where relkind = 'p' and relnamespace::regnamespace::text = 'landing'"
    )
    assert int(str(ask(warehouse, partitioned)[0][0])) > 5


def test_its_plans_journal_and_dead_letters_are_read(warehouse: str) -> None:
    prepare_warehouse(warehouse)
    plans = ask(warehouse, "select plan_id, system from ops.plans where state = 'applied'")
    assert {system for _, system in plans} >= {UNDONE}
    listed = say("plan", "list")
    for plan, system in plans:
        assert str(plan)[:8] in listed
        assert re.search(r"confirmed", say("plan", "show", str(plan))), system
    ((system, key),) = ask(warehouse, CHANGED)
    traced = say("trace", str(system), str(key))
    assert "validated" in traced
    assert "confirmed" in traced
    letters = ask(warehouse, "select dead_letter_id from ops.dead_letters where state = 'open'")
    assert letters
    assert str(letters[0][0])[:8] in say("dead-letters", "list")
    assert say("dead-letters", "show", str(letters[0][0]))
    assert "Batches" in say("status") + say("report")


def test_what_it_wrote_can_be_taken_back_and_the_next_night_plans_nothing_new(
    warehouse: str, tmp_path: Path
) -> None:
    prepare_warehouse(warehouse)
    night = Night(Settings(warehouse, tmp_path / ".concord", reports=tmp_path), {})
    for plan, system in ask(warehouse, "select plan_id, system from ops.plans where state = 'applied'"):
        undo = night.undo(str(system), str(plan), f"undo by this version {system}")
        assert undo.planned > 0
    assert night.reconcile("the first of this version").compared > 100
    planned = {
        item.name: night.plan(item.name, "the first of this version").planned
        for item in registry.written_systems()
    }
    assert planned == {"hubspot": 0, "shopify": 0}
