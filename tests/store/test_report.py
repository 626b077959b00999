"""The report holds the records of one night, and only those."""

from pathlib import Path

import psycopg
import pytest

from concord.reporting.needs import list_needs
from concord.reporting.page import render_html
from concord.reporting.queries import read_report
from concord.settings import Settings
from concord.stages.reconcile.agreement import measure_agreement
from concord.stages.report.write_report import write_report
from concord.store.engine import Database
from concord.store.migrate import migrate

FIRST, SECOND = "night-1", "night-2"
BATCH = """
    insert into ops.batches (batch_id, system, resource, purpose, covered_window, state, received, validated,
        quarantined, landed_at)
    values (%(id)s, 'shopify', 'customers', 'window', tstzrange(%(from)s, %(to)s), 'covered', 2, 1, 1, %(at)s)
"""
DISPOSITIONS = """
    insert into ops.dispositions (batch_id, row_number, record_key, disposition)
    values (%(id)s, 1, 'a', 'validated'), (%(id)s, 2, 'b', 'quarantined')
"""
AGREEMENT = """
    insert into ops.agreement
        (run_id, phase, entity, field, left_system, right_system, compared, agreed, measured_at)
    values (%s, %s, 'customer', 'email', 'shopify', 'tryton', 100, %s, %s)
"""
PLAN = """
    insert into ops.plans (plan_id, system, purpose, run_id, state, needs_approval, planned, created_at)
    values (%s, 'tryton', 'write_back', %s, %s, %s, %s, %s)
"""
MARTS = """
    create table marts.reconciliation_agreement (
        entity text, field text, left_system text, right_system text, compared bigint, agreed bigint
    );
    insert into marts.reconciliation_agreement values ('order', 'total', 'shopify', 'tryton', 10, 9);
    grant select on marts.reconciliation_agreement to concord_planner
"""


@pytest.fixture
def nights(database: str) -> Database:
    """Two nights; the second begins with a gap behind the first."""
    with psycopg.connect(database) as connection:
        for night, day in ((FIRST, 10), (SECOND, 12)):
            batch = {
                "id": f"batch-{night}",
                "from": f"2026-11-{day - 1} 00:00+00",
                "to": f"2026-11-{day} 00:00+00",
                "at": f"2026-11-{day} 00:01+00",
            }
            connection.execute(BATCH, batch)
            connection.execute(DISPOSITIONS, batch)
            connection.execute(AGREEMENT, (night, "before", 80, f"2026-11-{day} 02:00+00"))
            connection.execute(AGREEMENT, (night, "after", 90 + day % 10, f"2026-11-{day} 04:00+00"))
        connection.execute(PLAN, ("one", FIRST, "applied", False, 0, "2026-11-10 03:00+00"))
        connection.execute(PLAN, ("two", SECOND, "planned", True, 5, "2026-11-12 03:00+00"))
    return Database(database)


def test_before_the_first_night_the_report_is_empty(database: str) -> None:
    report = read_report(Database(database))
    assert (report.run_id, report.before, report.after, report.batches, report.plans) == (None, None, None, (), ())
    assert "not measured yet" in render_html(report)


def test_the_newest_night_is_reported(nights: Database) -> None:
    report = read_report(nights)
    assert report.run_id == SECOND
    assert report.before is not None
    assert report.after is not None
    assert (report.before.agreed, report.after.agreed) == (80, 92)
    assert [(line.received, line.quarantined) for line in report.batches] == [(2, 1)]
    assert [plan.plan_id for plan in report.plans] == ["two"]
    assert [(gap.system, gap.start.day, gap.end.day) for gap in report.gaps] == [("shopify", 10, 11)]
    assert report.is_balanced


def test_an_older_night_is_reported_as_it_was(nights: Database) -> None:
    report = read_report(nights, FIRST)
    assert report.after is not None
    assert report.after.agreed == 90
    assert [plan.plan_id for plan in report.plans] == ["one"]
    assert [line.batches for line in report.batches] == [1]


def test_the_page_is_written_and_replaces_itself(nights: Database, tmp_path: Path) -> None:
    settings = Settings(warehouse_url=nights.url, home=tmp_path, reports=tmp_path / "reports")
    paths = {write_report(nights, settings, SECOND) for _ in range(2)}
    assert paths == {tmp_path / "reports" / "night-2.html"}
    assert sorted(path.name for path in settings.reports.iterdir()) == ["latest.html", "night-2.html"]


def test_measuring_twice_keeps_one_measure(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(MARTS)
    warehouse = Database(database)
    counts = [measure_agreement(warehouse, run_id=FIRST, phase="before") for _ in range(2)]
    assert [(count.compared, count.agreed) for count in counts] == [(10, 9), (10, 9)]
    report = read_report(warehouse)
    assert [(line.entity, line.field) for line in report.agreement] == [("order", "total")]
    assert report.after is None


def test_a_decision_about_a_record_that_nobody_knows_is_told(database: str) -> None:
    warehouse = Database(database)
    migrate(warehouse)
    with psycopg.connect(database) as connection:
        connection.execute(
            "create table marts.identity_decisions (left_system text, left_key text, right_system text, "
            "right_key text, is_same_customer boolean, note text)"
        )
        connection.execute("insert into marts.identity_decisions values ('shopify', '1', 'tryton', '2', true, '')")
        connection.execute("grant select on marts.identity_decisions to concord_planner")
        connection.execute("insert into ops.identities values ('customer', 'tryton', '2', 'CUS-1', 'email', 0.9)")
    (need,) = list_needs(read_report(warehouse))
    assert need.what == "identity_decisions.csv names 1 record that nobody knows: shopify 1."
