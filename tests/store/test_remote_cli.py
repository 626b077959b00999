"""The command line against a warehouse elsewhere, which may be older than the code or have been read in part."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from typer.testing import CliRunner, Result

from concord.cli.main import app
from concord.store.engine import Database
from concord.store.migrate import FOLDER, list_missing

DAY = timedelta(days=1)
READ = """
    insert into ops.batches (batch_id, system, resource, purpose, covered_window, state)
    select 'b' || day, 'shopify', 'orders', 'window',
        tstzrange(now() - make_interval(days => day + 1), now() - make_interval(days => day)), 'landed'
    from generate_series(0, 9) as day;
    insert into ops.dispositions (batch_id, row_number, record_key, disposition)
    select batch_id, number, number::text, 'validated' from ops.batches, generate_series(1, 40) as number;
    update ops.batches set state = 'covered', received = 40, validated = 40;
    insert into ops.api_calls
        (system, resource, purpose, reference_id, calls, retries, bytes_received, waited_seconds)
    select 'shopify', 'orders', 'extract', 'orders', 20, 0, 0, 0 from generate_series(1, 10);
    insert into ops.held_write_backs (system, run_id) values ('shopify', 'night');
"""
VERBS = [
    ["status"],
    ["report"],
    ["plan", "list"],
    ["dead-letters", "list"],
    ["systems"],
    ["trace", "shopify", "1"],
]


@pytest.fixture
def elsewhere(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", database)
    monkeypatch.delenv("CONCORD_SYSTEMS", raising=False)
    with psycopg.connect(database) as connection:
        connection.execute(READ)
    return database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("verb", ["status", "systems"])
def test_the_systems_in_use_are_those_that_the_warehouse_has_read(elsewhere: str, verb: str) -> None:
    answer = run(verb)
    assert answer.exit_code == 0, answer.exception
    assert "shopify" in answer.output
    assert not {"salesforce", "tryton", "hubspot"} & set(answer.output.split())


def test_status_says_which_write_back_waits_and_that_airflow_was_not_asked(elsewhere: str) -> None:
    said = " ".join(run("status").output.split())
    assert "shopify was not written to since" in said
    assert "because of a backfill" in said
    assert "Airflow was not asked for backfills and paused Dags: Concord does not run here" in said


def test_a_dry_run_says_calls_time_and_what_the_vendor_allows(elsewhere: str) -> None:
    days = ["--from", "60d", "--to", "31d", "--step", "day"]
    said = " ".join(
        run("backfill", *days, "--system", "shopify", "--resource", "orders", "--dry-run").output.split()
    )
    assert " 30 " in said, "thirty windows"
    assert "shopify: about 600 calls, at most 10 a second and 4 windows at once" in said
    assert "200 calls were made in the last 24 hours" in said
    assert "30 windows in all, about 60 s expected." in said


@pytest.mark.parametrize(
    ("quotas", "told"),
    [
        ("", "at once; 200 calls were made in the last 24 hours. 30 windows"),
        ("shopify=800", "A day allows 800 (CONCORD_CALLS_PER_DAY says another number). 30 windows"),
        (
            "shopify = 799",
            "this is more than the 599 that are left today. Nights and write-backs need calls as well;",
        ),
        (
            "shopify=200",
            "more than the 0 that are left today. Nights and write-backs need calls as well; spread it",
        ),
        ("shopify=250", "over at least 4 days, by --from and --to."),
    ],
)
def test_a_dry_run_says_whether_a_day_allows_so_many_calls(
    elsewhere: str, monkeypatch: pytest.MonkeyPatch, quotas: str, told: str
) -> None:
    monkeypatch.setenv("CONCORD_CALLS_PER_DAY", quotas)
    days = ["--from", "60d", "--to", "31d", "--step", "day"]
    asked = run("backfill", *days, "--system", "shopify", "--resource", "orders", "--dry-run")
    assert told in " ".join(asked.output.split())


def test_a_quota_that_cannot_be_read_is_refused(elsewhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_CALLS_PER_DAY", "many")
    answer = run("backfill", "--from", "2d", "--to", "1d", "--dry-run")
    assert "CONCORD_CALLS_PER_DAY is 'many', which is not systems with their calls a day" in str(answer.exception)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_warehouse_that_was_never_migrated_says_what_to_run(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, verb: list[str]
) -> None:
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", empty_database)
    monkeypatch.delenv("CONCORD_SYSTEMS", raising=False)
    answer = run(*verb)
    assert answer.exit_code == 1
    assert str(answer.exception).startswith("The warehouse lacks 0001_ledger.sql, 0002_roles.sql,")
    assert str(answer.exception).endswith("of this version; run ./concord migrate first.")


def test_migrate_brings_what_was_missing(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", empty_database)
    assert list_missing(Database(empty_database)) == sorted(path.name for path in FOLDER.glob("*.sql"))
    assert run("migrate").exit_code == 0
    assert list_missing(Database(empty_database)) == []
    assert run("status").exit_code == 0


@pytest.mark.parametrize(("text", "ago"), [("today", 0), ("yesterday", 1), ("7d", 7), ("{:%Y-%m-%d}", 0)])
def test_a_day_may_be_written_in_each_of_these_ways(elsewhere: str, text: str, ago: int) -> None:
    before = datetime.now(UTC)
    start = text.format(before)
    answer = run("backfill", "--from", start, "--to", "today", "--system", "shopify", "--dry-run", "--step", "all")
    assert answer.exit_code == 0, answer.exception
    days = [f"{today - ago * DAY:%Y-%m-%d} 00:00" for today in (before, datetime.now(UTC))]  # midnight may pass
    assert any(day in answer.output for day in days)


@pytest.mark.parametrize("text", ["last monday", "30.11.2026", "2026-13-01", "7 days"])
def test_a_day_in_another_way_is_refused_with_those_there_are(elsewhere: str, text: str) -> None:
    answer = run("backfill", "--from", text, "--to", "today", "--dry-run")
    assert answer.exit_code == 1
    assert f"--from is {text!r}, which is not a day; write it like " in str(answer.exception)
    assert "today, yesterday, or 7d for seven days ago." in str(answer.exception)
