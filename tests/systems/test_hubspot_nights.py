"""From HubSpot to staging in two nights: archived and purged records are gone, merged ones have their new id."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from concord.contract import Resource, Window
from concord.installed import PRODUCT
from concord.registry import system
from concord.settings import Settings
from concord.stages.extract.read_window import extract_window
from concord.stages.reconcile.transform import parse_project, run_dbt
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.testing.bench import Bench
from concord.testing.open_benches import FindBench

BEGUN = datetime(2000, 1, 1, tzinfo=UTC)
SUITES = PRODUCT / "expectations"


class Warehouse:
    """A warehouse that reads HubSpot night by night."""

    def __init__(self, url: str, bench: Bench, home: Path) -> None:
        self.url, self.database, self.bench = url, Database(url), bench
        self.settings = Settings(warehouse_url=url, home=home, reports=home)
        for resource in bench.system.resources:
            create_tables(self.database, bench.system, resource)

    def read(self, resource: Resource, window: Window) -> BatchCounts:
        system = self.bench.system
        batch = extract_window(
            self.database, self.bench.session(), system=system, resource=resource, window=window
        )
        return validate_batch(self.database, system=system, resource=resource, batch_id=batch, suites=SUITES)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql.SQL(query)).fetchall()

    def deleted(self) -> set[object]:
        return {key for (key,) in self.rows("select _key from validated.hubspot__contacts where _is_deleted")}

    def stage(self) -> int:
        with pytest.MonkeyPatch.context() as environment:
            # dbt never closes its log file, which a test run takes for a leak.
            environment.setenv("DBT_LOG_LEVEL_FILE", "none")
            project = parse_project(self.settings, [system("hubspot")])
            return run_dbt(project, self.database, select="staging.hubspot", run_id="staged")


@pytest.fixture
def warehouse(bench: FindBench, database: str, tmp_path: Path) -> Warehouse:
    return Warehouse(database, bench("hubspot"), tmp_path)


def test_two_nights_know_archived_purged_and_merged_contacts_apart(warehouse: Warehouse) -> None:
    desk, contacts = warehouse.bench.desk, warehouse.bench.system.resource("contacts")
    now = datetime.now(UTC)
    for resource in warehouse.bench.system.resources:
        counts = warehouse.read(resource, Window(BEGUN, now))
        assert counts.received == counts.validated + counts.repeated  # ids of merged records are looked up
    gone_before = warehouse.deleted()
    keys = [
        str(key)
        for (key,) in warehouse.rows(
            "select _key from validated.hubspot__contacts where not _is_deleted and merged_source_ids is null "
            "order by _key"
        )
    ]
    archived, purged, heir, other = keys[20:24]
    desk.delete(contacts, archived)
    control = desk.server.control  # type: ignore[attr-defined]
    control("edit", {"resource": "contacts", "id": purged, "set": {"purge": True}})
    merged = control("edit", {"resource": "contacts", "id": heir, "set": {"merge": other}})["id"]
    warehouse.read(contacts, Window(now - timedelta(minutes=10), datetime.now(UTC) + timedelta(seconds=1)))
    assert warehouse.deleted() - gone_before == {archived, purged}
    assert warehouse.stage() == 5
    staged = {key for (key,) in warehouse.rows("select contact_source_id from staging.stg_hubspot__contacts")}
    assert merged in staged
    assert not {archived, purged, heir, other} & staged
    ways = dict(
        warehouse.rows("select merged_source_id, contact_source_id from staging.stg_hubspot__contact_merges")
    )
    assert {ways[heir], ways[other]} == {merged}
    assert set(ways.values()) <= staged


def test_staging_has_every_live_record_once_and_typed(warehouse: Warehouse) -> None:
    for resource in warehouse.bench.system.resources:
        warehouse.read(resource, Window(BEGUN, datetime.now(UTC)))
    warehouse.stage()
    for resource, key in (("contacts", "contact"), ("companies", "company"), ("deals", "deal")):
        ((staged, distinct, live),) = warehouse.rows(
            f"select count(*), count(distinct {key}_source_id), "
            f"(select count(*) from validated.hubspot__{resource} where not _is_deleted) "
            f"from staging.stg_hubspot__{resource}"
        )
        assert staged == distinct == live
    ((opted_out, priced, phones),) = warehouse.rows(
        "select (select count(*) from staging.stg_hubspot__contacts where has_opted_out), "
        "(select count(*) from staging.stg_hubspot__deals where total_amount > 0 and order_name like '#%'), "
        "(select count(*) from staging.stg_hubspot__companies where phone is not null)"
    )
    assert min(int(str(count)) for count in (opted_out, priced, phones)) > 3
