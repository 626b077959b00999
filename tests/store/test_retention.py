"""What is older than it is kept is dropped; what a person can still act on stays, and what is gone is told."""

import io
import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from rich.console import Console

from concord.cli.plan_views import show_plan
from concord.cli.status_view import _show_sizes
from concord.errors import ConfigurationError, ExpectationsFailedError
from concord.reporting.trace import resolve_key, say_dropped
from concord.retention import Retention
from concord.stages.replay.replay_dead_letters import DeadLetters, replay_kept_payloads
from concord.stages.retention import drop_old as step
from concord.stages.validate.judge import validate_batch
from concord.store.engine import PLANNER, Database
from concord.store.ledger.dead_letters import find_dead_letter
from concord.store.ledger.retention import make_partitions
from concord.store.tables import create_tables
from tests.store.listing import thing
from tests.store.round_trip import RoundTrip
from tests.store.test_batches import Night

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def drop(database: Database, days: int, reports: Path = Path("none")) -> list[str]:
    """What is dropped so many days from now."""
    return [item.name for item in step.drop_old(database, reports, Retention(), now=NOW + days * DAY)]


@pytest.fixture
def night(database: str, tmp_path: Path) -> Night:
    return Night(database, tmp_path / "suites")


@pytest.fixture
def written(trip: RoundTrip) -> RoundTrip:
    """One account that was updated by a plan, and one that was created."""
    trip.vendor.put("accounts", "A-1", {"name": "Old", "phone": "1"})
    trip.ingest()
    trip.want("accounts", "E-1", "A-1", account_name="New")
    trip.want("accounts", "E-2", None, account_name="Made")
    return trip


def test_what_a_night_landed_and_judged_is_dropped_and_its_counts_stay(night: Night) -> None:
    night.listing.records = [thing(number) for number in range(5)]
    night.run()
    assert drop(night.database, 60) == []
    gone = drop(night.database, 130)
    month = f"{NOW:%Y%m}"
    assert {f"landing.testing__things_{month}", f"ops.dispositions_{month}"} <= set(gone)
    assert night.rows("select count(*) from landing.testing__things") == [(0,)]
    assert night.rows("select count(*) from ops.dispositions") == [(0,)]
    assert night.rows("select received, validated, state from ops.batches") == [(5, 5, "covered")]
    assert night.rows("select count(*) from validated.testing__things") == [(5,)]


def test_nights_go_on_after_older_ones_were_dropped(night: Night) -> None:
    night.listing.records = [thing(1)]
    night.run()
    drop(night.database, 130)
    night.listing.records = [thing(1, name="New", updated="2026-11-25T00:00:00Z")]
    assert night.run().validated == 1
    assert night.rows("select thing_name from validated.testing__things") == [("New",)]


def test_a_query_for_a_batch_reads_none_of_the_others(night: Night) -> None:
    with night.database.transaction() as connection:
        connection.execute(
            "insert into landing.testing__things (_batch_id, _row, _payload) "
            "select md5((number / 500)::text), number, repeat('x', 1200) from generate_series(0, 2999) as number"
        )
    with psycopg.connect(night.database.url) as connection:
        connection.execute("analyze landing.testing__things")
        query = "select count(*) from landing.testing__things where _batch_id = 'none'"
        ((plan,),) = connection.execute(f"explain (analyze, format json) {query}").fetchall()
    assert '"Index Name": "testing__things_' in json.dumps(plan)
    assert set(re.findall(r'"Rows Removed by [A-Za-z ]*": (\d+)', json.dumps(plan))) <= {"0"}


def test_what_no_month_takes_waits_for_its_month(night: Night) -> None:
    later = NOW + 200 * DAY
    with night.database.transaction() as connection:
        connection.execute(
            "insert into ops.api_calls (system, resource, purpose, reference_id, calls, retries, bytes_received, "
            "waited_seconds, happened_at) values ('a', 'b', 'extract', '', 1, 0, 0, 0, %s)",
            (later,),
        )
    assert night.rows("select tableoid::regclass::text from ops.api_calls") == [("ops.api_calls_rest",)]
    with night.database.transaction(PLANNER) as connection:
        make_partitions(connection, "ops.api_calls", later)
    assert night.rows("select tableoid::regclass::text from ops.api_calls") == [(f"ops.api_calls_{later:%Y%m}",)]


def test_a_landing_table_of_an_earlier_version_keeps_its_rows(night: Night) -> None:
    night.listing.records = [thing(1), thing(2)]
    night.run()
    columns = "select _batch_id, _row, _fault, source_id, thing_name, price, email, tags, is_deleted, updated_at"
    with night.database.transaction() as connection:
        connection.execute(
            sql.SQL(
                f"create table landing.plain as {columns}, _payload from landing.testing__things;"
                "drop table landing.testing__things cascade;"
                "alter table landing.plain rename to testing__things;"
                "alter table landing.testing__things owner to concord_loader"
            )
        )
    for _ in range(2):
        create_tables(night.database, night.system, night.system.resources[0])
    assert night.rows("select count(*) from landing.testing__things__typed") == [(2,)]
    assert night.run().received == 2
    assert f"landing.testing__things_{NOW:%Y%m}" in drop(night.database, 130)


def test_a_refused_batch_that_is_no_longer_kept_says_so(night: Night) -> None:
    night.listing.records = [thing(number, price="-1") for number in range(30)]
    with pytest.raises(ExpectationsFailedError):
        night.run()
    drop(night.database, 130)
    ((batch,),) = night.rows("select batch_id from ops.batches")
    resource = night.system.resources[0]
    with pytest.raises(ConfigurationError, match="no longer kept; clear its task extract"):
        validate_batch(
            night.database, system=night.system, resource=resource, batch_id=str(batch), suites=night.suites
        )


def test_an_open_dead_letter_outlives_its_batch_and_a_closed_one_does_not(trip: RoundTrip) -> None:
    for key in ("A-1", "A-2"):
        trip.vendor.put("accounts", key, {"name": "x" * 70})
    trip.ingest()
    trip.vendor.put("accounts", "A-1", {"name": "Mended"})
    trip.ingest(day=2)
    letters = {
        str(row[0]): str(row[1]) for row in trip.rows("select record_key, dead_letter_id from ops.dead_letters")
    }
    assert "ops.dead_letters" in drop(trip.database, 130)
    meant = DeadLetters(trip.system, trip.system.resource("accounts"), (letters["A-2"],))
    assert replay_kept_payloads(trip.database, meant, suites=trip.suites).refused == 1
    with (
        pytest.raises(ConfigurationError, match="Closed ones are kept for 90 nights"),
        trip.database.transaction(PLANNER) as connection,
    ):
        find_dead_letter(connection, letters["A-1"])


def test_a_plan_can_be_undone_for_as_long_as_its_journal_is_kept(written: RoundTrip) -> None:
    plan_id = written.write_back().plan_id
    drop(written.database, 300)
    assert written.undo(plan_id).planned > 0


def test_an_older_plan_cannot_be_undone_and_says_so(written: RoundTrip) -> None:
    plan_id = written.write_back().plan_id
    assert {f"ops.journal_{NOW:%Y%m}", "ops.changes"} <= set(drop(written.database, 500))
    with pytest.raises(ConfigurationError, match=r"are no longer kept, so it cannot be undone"):
        written.undo(plan_id)
    shown = Console(width=100, record=True, file=io.StringIO())
    show_plan(written.database, shown, plan_id=plan_id)
    assert "1 change of it are no longer kept." in shown.export_text()


def test_what_was_created_is_not_created_again_after_its_journal_is_gone(written: RoundTrip) -> None:
    written.write_back()
    drop(written.database, 500)
    assert written.rows("select action, state from ops.changes") == [("create", "confirmed")]


def test_the_journal_stays_append_only(written: RoundTrip) -> None:
    written.write_back()
    assert written.rows("select count(*) > 1 from ops.journal") == [(True,)]
    with psycopg.connect(written.database.url) as connection, pytest.raises(psycopg.Error, match="append-only"):
        connection.execute("delete from ops.journal")


def test_a_trace_says_up_to_when_something_is_gone(trip: RoundTrip) -> None:
    assert say_dropped(trip.database) == ""
    drop(trip.database, 130)
    since = f"{NOW + 40 * DAY:%Y-%m-%d}"
    assert say_dropped(trip.database) == f"No longer kept: readings before {since}."
    with pytest.raises(ConfigurationError, match=f"readings before {since}"):
        resolve_key(trip.database, system=trip.system, text="A-9")


def test_pages_of_old_nights_are_deleted_and_the_latest_stays(night: Night, tmp_path: Path) -> None:
    for name, age in (("old.html", 100), ("new.html", 10), ("latest.html", 100)):
        path = tmp_path / name
        path.write_text("")
        os.utime(path, ((NOW - age * DAY).timestamp(),) * 2)
    assert drop(night.database, 0, tmp_path) == ["old.html"]
    assert sorted(path.name for path in tmp_path.glob("*.html")) == ["latest.html", "new.html"]


def test_the_size_of_each_part_and_its_growth_are_shown(night: Night) -> None:
    drop(night.database, 0)
    with night.database.transaction() as connection:
        connection.execute("update ops.part_sizes set bytes = bytes - 3000000 where part = 'landing'")
    drop(night.database, 3)
    shown = Console(width=100, record=True, file=io.StringIO())
    _show_sizes(shown, night.database)
    lines = {line.split("  ")[0]: line.split()[-2:] for line in shown.export_text().splitlines()}
    assert lines["landing"] == ["1.0", "90"]
    assert {"dispositions", "journal", "api calls", "books", "records and models"} <= set(lines)
