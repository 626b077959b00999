"""The verb `systems check`: what it prints for people and programs, its status, and where it gets connections."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from concord.cli.main import app
from concord.local.airflow_connections import find_connections
from concord.settings import Connection, variable_of
from concord.testing.bench import Bench
from concord.testing.sandbox_desk import SandboxDesk

FindBench = Callable[[str], Bench]
Set = Callable[[Bench], None]


def as_airflow_has_it(connection: Connection, **changed: object) -> str:
    parts = {"host": connection.url, "login": connection.login, "password": connection.password}
    return json.dumps({**parts, "extra": dict(connection.extra), **changed})


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch, database: str, tmp_path: Path) -> Set:
    """Enters the connection of a bench as an operator does, in an installation with a warehouse."""
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", database)
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    monkeypatch.setenv("CONCORD_SYSTEMS", "hubspot,klaviyo")
    return lambda bench: monkeypatch.setenv(
        variable_of(bench.connection.name), as_airflow_has_it(bench.connection)
    )


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["systems", "check", *arguments])


def test_systems_in_order_end_with_status_0(enter: Set, bench: FindBench) -> None:
    enter(bench("hubspot"))
    answer = run("hubspot")
    assert answer.exit_code == 0, answer.output
    lines = answer.output.splitlines()
    assert lines[0] == "HubSpot CRM  (hubspot, connection hubspot_default)"
    assert ["ok", "login", "The", "login", "is", "accepted."] in [line.split() for line in lines]
    assert "Nothing stands in the way of a night in 1 system." in answer.output
    assert "Read the notes of hubspot." in answer.output
    assert bench("hubspot").connection.password not in answer.output


def test_a_system_that_fails_does_not_stop_the_others(enter: Set, bench: FindBench) -> None:
    enter(bench("klaviyo"))
    answer = run()
    assert answer.exit_code == 1
    said = " ".join(answer.output.split())
    assert 'fails connection Connection "hubspot_default" is not defined; add it in Airflow' in said
    assert said.index("hubspot_default") < said.index("ok profiles page")
    assert "Of 2 systems, 1 will not work as it is now: hubspot." in said


def test_programs_get_json_and_the_same_status(enter: Set, bench: FindBench) -> None:
    enter(bench("klaviyo"))
    answer = run("--output", "json")
    assert answer.exit_code == 1
    told = json.loads(answer.output)
    assert told["level"] == "fails"
    assert {item["system"]: item["level"] for item in told["systems"]} == {"hubspot": "fails", "klaviyo": "ok"}
    (page,) = [item for item in told["systems"][1]["findings"] if item["resource"] == "profiles"]
    assert page.keys() == {"level", "resource", "subject", "sentence"}
    assert (page["level"], page["subject"]) == ("ok", "page")
    assert told["systems"][0]["findings"][0]["resource"] is None


def test_a_system_that_there_is_not_is_named(enter: Set) -> None:
    answer = run("hubspott")
    assert answer.exit_code == 1
    assert "There is no system 'hubspott'" in str(answer.exception)


def test_the_vendors_words_do_not_act_on_a_terminal(enter: Set, bench: FindBench) -> None:
    found = bench("hubspot")
    enter(found)
    assert isinstance(found.desk, SandboxDesk)
    fault = {"kind": "status", "status": 403, "category": "MISSING_SCOPES", "message": "[/bold] \x1b[31mred"}
    found.desk.server.control("faults", {"match": {"operation": "^list:"}, "fault": fault, "times": None})
    answer = run("hubspot")
    assert answer.exit_code == 1
    assert "[/bold] \N{SYMBOL FOR ESCAPE}[31mred" in answer.output
    assert "\x1b" not in answer.output + run("hubspot", "--output", "json").output


@pytest.mark.parametrize("columns", [80, 200])
def test_the_findings_fit_the_terminal(
    enter: Set, bench: FindBench, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    enter(bench("hubspot"))
    lines = re.sub(r"\x1b\[[\d;]*m", "", run("hubspot").output).splitlines()
    assert len(lines) > 10
    assert max(len(line) for line in lines) <= columns


def test_without_a_warehouse_pages_are_read_and_not_judged(
    enter: Set, bench: FindBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(bench("klaviyo"))
    monkeypatch.delenv("CONCORD_WAREHOUSE_URL")
    answer = run("klaviyo")
    assert answer.exit_code == 0, answer.output
    assert "they were not judged, because no warehouse runs here" in " ".join(answer.output.split())


def test_calls_of_a_check_are_recorded_and_nothing_else(enter: Set, bench: FindBench, database: str) -> None:
    import psycopg

    enter(bench("hubspot"))
    assert run("hubspot").exit_code == 0
    with psycopg.connect(database) as connection:
        calls = connection.execute("select system, purpose, calls from ops.api_calls").fetchall()
        batches = connection.execute("select count(*) from ops.batches").fetchone()
    assert calls == [("hubspot", "check", 6)]
    assert batches == (0,)


def test_airflow_is_asked_for_connections_that_are_not_written_as_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:////{tmp_path}/airflow.db")
    monkeypatch.setenv("AIRFLOW_CONN_KLAVIYO_DEFAULT", "http://key:se%2Fcret@klaviyo.example:81/https?timeout=5")
    monkeypatch.setenv("AIRFLOW_CONN_STRIPE_DEFAULT", '{"host": "stripe.example", "extra": "{no json"}')
    found = find_connections(tmp_path, ["klaviyo_default", "stripe_default", "sap_default"])
    klaviyo = found["klaviyo_default"]
    assert isinstance(klaviyo, Connection)
    assert (klaviyo.url, klaviyo.login, klaviyo.password) == ("https://klaviyo.example:81", "key", "se/cret")
    assert klaviyo.extra == {"timeout": 5}
    assert "extra fields" in str(found["stripe_default"])
    assert "is not defined" in str(found["sap_default"])
    assert "AIRFLOW_CONN_SAP_DEFAULT" not in os.environ


def test_the_fields_that_an_account_has_and_nothing_is_read_of_are_listed(enter: Set, bench: FindBench) -> None:
    found = bench("hubspot")
    enter(found)
    answer = CliRunner().invoke(app, ["systems", "fields", "hubspot", "contacts", "--output", "json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.output)["contacts"]
    declared = {item.path for item in found.system.resource("contacts").fields}
    assert told
    assert not declared & set(told)
    shown = CliRunner().invoke(app, ["systems", "fields", "hubspot", "contacts"]).output.splitlines()
    assert shown[:2] == ["contacts", f"  {len(told)} field{'s' * (len(told) > 1)} more, of which nothing is read:"]
    assert [line.split()[0] for line in shown[2:]] == sorted(told)


def test_a_system_that_does_not_tell_its_fields_says_so(enter: Set, bench: FindBench) -> None:
    enter(bench("klaviyo"))
    answer = CliRunner().invoke(app, ["systems", "fields", "klaviyo", "profiles"])
    assert answer.exit_code == 0, answer.output
    assert "does not tell which fields there are" in answer.output
