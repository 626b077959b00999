"""The alarms, and which system may be written to, on a real ledger."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from concord import registry
from concord.contract import ChangedBetween, Window
from concord.monitoring import watch
from concord.orchestration import reconciling, reporting, watching
from concord.reporting.queries import find_newest_run
from concord.stages.reconcile.freshness import writable_systems
from concord.store.engine import PLANNER, Database
from concord.store.ledger.dead_letters import list_open_ids
from concord.store.ledger.plans import find_plan

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
SYSTEMS = registry.systems()
NO_BACKFILL = SimpleNamespace(run_id="scheduled__1", get_dr_count=lambda **_: 0)


@pytest.fixture
def ledger(database: str) -> Database:
    return Database(database)


def read(
    ledger: Database, until: datetime, *, state: str = "covered", system: str = "", start: datetime | None = None
) -> None:
    with ledger.transaction() as connection:
        for declared in SYSTEMS:
            for resource in declared.resources:
                if system in ("", declared.name):
                    window = Window(start or until - DAY, until)
                    connection.execute(
                        "insert into ops.batches (batch_id, system, resource, purpose, covered_window, state, "
                        "reason) values (gen_random_uuid()::text, %s, %s, 'window', %s::tstzrange, %s, %s)",
                        (declared.name, resource.name, str(window), state, "only 3 records came"),
                    )


def alarms(ledger: Database, check: str, now: datetime = NOW) -> list[str]:
    with ledger.transaction(PLANNER) as connection:
        return [alarm.name for alarm in watching.CHECKS[check](connection, now)]


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 3, 10, 4, tzinfo=UTC), MIDNIGHT),
        (datetime(2026, 3, 10, 2, tzinfo=UTC), MIDNIGHT),
        (datetime(2026, 3, 10, 1, 59, tzinfo=UTC), MIDNIGHT - DAY),
        (datetime(2026, 3, 9, 23, 59, tzinfo=UTC), MIDNIGHT - DAY),
    ],
    ids=["after the night", "at two", "just before two", "the evening before"],
)
def test_a_night_is_due_two_hours_after_midnight(now: datetime, due: datetime) -> None:
    assert watch.due_until(now) == due


def test_a_system_that_was_read_and_accepted_may_be_written_to(ledger: Database) -> None:
    read(ledger, MIDNIGHT)
    assert writable_systems(ledger, SYSTEMS, NOW) == dict.fromkeys(["salesforce", "shopify", "tryton"])


def test_a_system_that_was_never_read_is_not_written_to(ledger: Database) -> None:
    reason = writable_systems(ledger, SYSTEMS, NOW)["shopify"]
    assert reason is not None
    assert reason.startswith("shopify is not written to: customers was never read; products was never read;")


def test_one_stale_system_does_not_stop_the_others(ledger: Database) -> None:
    read(ledger, MIDNIGHT - DAY)
    for name in ("shopify", "salesforce"):
        read(ledger, MIDNIGHT, system=name)
    found = writable_systems(ledger, SYSTEMS, NOW)
    assert found["shopify"] is found["salesforce"] is None
    assert "is read up to 2026-03-09 00:00 UTC only, 2026-03-10 00:00 UTC was due" in str(found["tryton"])


def test_a_system_whose_newest_batch_was_refused_is_not_written_to(ledger: Database) -> None:
    read(ledger, MIDNIGHT)
    read(ledger, MIDNIGHT + DAY, state="refused", system="tryton")
    found = writable_systems(ledger, SYSTEMS, NOW)
    assert "was refused (only 3 records came)" in str(found["tryton"])
    assert found["shopify"] is None


def test_an_old_refusal_that_a_later_night_healed_is_forgotten(ledger: Database) -> None:
    read(ledger, MIDNIGHT - DAY, state="refused")
    read(ledger, MIDNIGHT, start=MIDNIGHT - 2 * DAY)
    assert set(writable_systems(ledger, SYSTEMS, NOW).values()) == {None}


def test_a_write_back_that_is_not_allowed_is_skipped_with_the_reason(
    ledger: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", ledger.url)
    with pytest.raises(AirflowSkipException, match="tryton is not written to: parties was never read"):
        reconciling.allow_write_back("tryton", ti=NO_BACKFILL)
    assert "was never read" in caplog.text


def test_a_quiet_night_has_no_alarm(ledger: Database) -> None:
    read(ledger, MIDNIGHT)
    assert [name for check in watching.CHECKS for name in alarms(ledger, check)] == []


def test_stale_data_is_an_alarm_per_system(ledger: Database) -> None:
    read(ledger, MIDNIGHT - DAY)
    assert alarms(ledger, "freshness") == ["stale data"] * 3


def test_a_hole_in_the_coverage_is_an_alarm_but_not_between_snapshots(ledger: Database) -> None:
    read(ledger, MIDNIGHT - 5 * DAY)
    read(ledger, MIDNIGHT)
    windowed = [
        item for system in SYSTEMS for item in system.resources if isinstance(item.changes, ChangedBetween)
    ]
    assert len(windowed) > 5
    assert alarms(ledger, "coverage") == ["coverage gap"] * len(windowed)


def test_new_dead_letters_are_an_alarm_and_old_ones_are_not(ledger: Database) -> None:
    with ledger.transaction() as connection:
        for number, age in enumerate((timedelta(hours=2), timedelta(days=3))):
            connection.execute(
                "insert into ops.dead_letters (dead_letter_id, stage, system, resource, error_class, message, "
                "first_seen_at) values (%s, 'validate', 'shopify', 'customers', 'ContractViolationError', "
                "'email is not valid.', %s)",
                (str(number), NOW - age),
            )
    assert alarms(ledger, "dead_letters") == ["dead letters"]
    shopify = registry.system("shopify")
    with ledger.transaction(PLANNER) as connection:
        assert list_open_ids(connection, shopify, shopify.resource("customers")) == ["1", "0"]
        assert list_open_ids(connection, shopify, shopify.resource("orders")) == []


@pytest.mark.parametrize(
    ("state", "is_verified", "expected"),
    [
        ("confirmed", True, []),
        ("confirmed", False, ["lost writes"]),
        ("unknown", None, ["unknown writes"]),
        ("sent", None, ["unfinished writes"]),
        ("held", None, ["held after sending"]),
        ("planned", None, ["half made records"]),
    ],
    ids=["as it should be", "put back", "unknown", "unfinished", "held", "half made"],
)
def test_writes_that_did_not_end_well_are_alarms(
    ledger: Database, state: str, is_verified: bool | None, expected: list[str]
) -> None:
    plan(ledger, created=NOW - timedelta(hours=5), state="approved")
    with ledger.transaction() as connection:
        connection.execute(
            "insert into ops.changes (change_id, plan_id, sequence, resource, entity_id, action, record_key, "
            "before, after, reason, state, is_verified, attempts) "
            "values ('c', 'p', 1, 'customers', 'e', 'create', 'k', '{}', '{}', '', %s, %s, 1)",
            (state, is_verified),
        )
    assert alarms(ledger, "writes") == expected


def plan(ledger: Database, *, created: datetime, state: str) -> None:
    with ledger.transaction() as connection:
        connection.execute(
            "insert into ops.plans (plan_id, system, purpose, run_id, state, needs_approval, planned, created_at) "
            "values ('p', 'shopify', 'write_back', 'r', %s, true, 1, %s)",
            (state, created),
        )


def test_a_plan_that_waits_for_a_day_is_an_alarm(ledger: Database) -> None:
    plan(ledger, created=NOW - timedelta(hours=30), state="planned")
    assert alarms(ledger, "writes") == ["plan waits"]
    with ledger.transaction(PLANNER) as connection:
        found, missing = find_plan(connection, "p"), find_plan(connection, "q")
    assert found is not None
    assert found.system == "shopify"
    assert missing is None


@pytest.mark.parametrize(("agreed", "expected"), [(990, []), (960, ["agreement drop"])], ids=["same", "fell"])
def test_less_agreement_than_the_night_before_is_an_alarm(
    ledger: Database, agreed: int, expected: list[str]
) -> None:
    for run, share, at in (("one", 990, NOW - DAY), ("two", agreed, NOW)):
        for phase in ("before", "after"):
            with ledger.transaction() as connection:
                connection.execute(
                    "insert into ops.agreement (run_id, phase, entity, field, left_system, right_system, "
                    "compared, agreed, measured_at) "
                    "values (%s, %s, 'customer', 'email', 'shopify', 'tryton', 1000, %s, %s)",
                    (run, phase, share, at),
                )
    assert alarms(ledger, "agreement") == expected
    assert find_newest_run(ledger) == "two"


def test_a_check_fails_with_one_sentence_per_alarm(ledger: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", ledger.url)
    with pytest.raises(AirflowFailException) as failure:
        watching.check("freshness")
    lines = str(failure.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("stale data: ") and line.endswith(".") for line in lines)


def test_there_is_nothing_to_report_before_the_first_night(
    ledger: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", ledger.url)
    with pytest.raises(AirflowSkipException, match="Nothing has been reconciled yet"):
        reporting.build_report()
