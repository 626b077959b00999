"""A field that a business adds to two CRMs after a first night is read of all, compared, written, taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from concord import registry
from concord.cli.installation_start import prepare_warehouse
from concord.installed import PRODUCT
from concord.settings import Settings
from sandbox.staging import StagedSystem
from sandbox.world import World
from tests.flow.businesses import Business, connections, running
from tests.flow.night import Night

pytestmark = pytest.mark.flow

BUSINESS = Business({"salesforce": ("salesforce", ()), "hubspot": ("hubspot", ())})
ADDED = """
from concord.contract import Field, extend
EXTENSION = extend("{}", contacts=[Field("{}", "job_title", is_personal=True)])
"""
OWNED = "customer,job_title,hubspot,1\ncustomer,job_title,salesforce,2\n"
DAY = timedelta(days=1)
Titles = Mapping[str, Mapping[str, str | None]]


def make_project(folder: Path, *, has_added: bool) -> Path:
    """The business's folder before and after it added the field; a restart would read the changed one."""
    BUSINESS.write(folder)
    if has_added:
        for part in ("rules", "systems"):
            (folder / part).mkdir()
        shipped = (PRODUCT / "dbt_project/seeds/field_ownership.csv").read_text()
        (folder / "rules/field_ownership.csv").write_text(shipped + OWNED)
        (folder / "systems/crm.py").write_text(ADDED.format("salesforce", "Title"))
        (folder / "systems/leads.py").write_text(ADDED.format("hubspot", "properties.jobtitle"))
    return folder


def titles(staged: Mapping[str, StagedSystem]) -> dict[str, dict[str, str | None]]:
    """What both servers hold, by the keys of their contacts."""
    crm = staged["salesforce"].read(["contacts"])["contacts"]
    leads = staged["hubspot"].read(["contacts"])["contacts"]
    return {
        "salesforce": {row["Id"]: row.get("Title") for row in crm if not row["IsDeleted"]},
        "hubspot": {row["id"]: row["properties"].get("jobtitle") for row in leads if not row["archived"]},
    }


def run(night: Night, until: datetime, name: str) -> dict[str, str]:
    """A whole night; the plans that it wrote, by system."""
    for system in registry.systems():
        night.read_system(system.name, until)
    night.reconcile(name)
    plans = {system.name: night.plan(system.name, name) for system in registry.written_systems()}
    for system, plan in plans.items():
        if plan.planned:
            night.carry_out(system, plan.plan_id)
    night.finish(name)
    return {system: plan.plan_id for system, plan in plans.items() if plan.planned}


@dataclass(frozen=True, slots=True)
class Told:
    """What the servers held before the field was added, after it was written and after the undo."""

    before: Titles
    after: Titles
    undone: Titles
    plans: list[str]
    planned_again: int
    night: Night


@pytest.fixture
def told(database: str, world: World, as_of: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.delenv("CONCORD_SYSTEMS")
    monkeypatch.setenv("CONCORD_PROJECT", str(make_project(tmp_path / "before", has_added=False)))
    prepare_warehouse(database)
    settings = Settings(warehouse_url=database, home=tmp_path / "home", reports=tmp_path)
    with running(BUSINESS.systems, world, tmp_path / "vendors") as staged:
        run(Night(settings, connections(staged)), as_of, "first")
        before = titles(staged)
        monkeypatch.setenv("CONCORD_PROJECT", str(make_project(tmp_path / "after", has_added=True)))
        prepare_warehouse(database)  # as each start does
        night = Night(settings, connections(staged))
        plans = run(night, as_of + DAY, "second")
        after = titles(staged)
        again = run(night, as_of + 2 * DAY, "third")
        for system, plan in plans.items():
            night.carry_out(system, night.undo(system, plan, "undo").plan_id)
        return Told(before, after, titles(staged), list(plans.values()), len(again), night)


def test_it_goes_from_one_vendor_to_the_other_and_back_by_undo(told: Told) -> None:
    crm, was = told.after["salesforce"], told.before["salesforce"]
    assert len([key for key, title in crm.items() if title != was.get(key)]) > 10
    assert told.planned_again == 0
    assert told.undone == told.before, "the fields of both servers are as they were"
    compared = "select sum(compared) > 50, sum(compared) = sum(agreed) from marts.reconciliation_agreement"
    assert told.night.rows(f"{compared} where field = 'job_title'") == [(True, True)]
    reasons = "select distinct reason from ops.changes where after ? 'job_title' and plan_id = any(%s)"
    assert told.night.rows(reasons, told.plans) == [("from hubspot: job_title",)]
    golden = "select count(*) > 50 from marts.customers where custom_fields ? 'job_title'"
    assert told.night.rows(golden) == [(True,)]
