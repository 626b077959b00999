"""The command line: the text and the speed of its help, and how errors are shown."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from concord.cli.main import app

VERBS = [
    "demo",
    "up",
    "down",
    "status",
    "systems",
    "holds",
    "migrate",
    "pools",
    "airflow",
    "night",
    "backfill",
    "backfills",
    "rebuild",
    "report",
    "approve",
    "decline",
    "undo",
    "plan",
    "trace",
    "dead-letters",
    "init",
    "test",
    "validate",
]
LEAVES = [[verb] for verb in VERBS if verb != "airflow"] + [
    ["systems", "check"],
    ["systems", "fields"],
    ["holds", "list"],
    ["holds", "lift"],
    ["plan", "list"],
    ["plan", "show"],
    ["backfills", "list"],
    ["backfills", "follow"],
    ["backfills", "cancel"],
    ["backfills", "resume"],
    ["dead-letters", "list"],
    ["dead-letters", "show"],
    ["dead-letters", "replay"],
]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})


def start(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CONCORD_HOME": str(home), "COLUMNS": "80"}
    command = [sys.executable, "-m", "concord.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_help_names_every_verb() -> None:
    answer = run("--help")
    assert answer.exit_code == 0
    named = re.findall(r"^│ ([a-z][a-z-]+) ", answer.output, flags=re.MULTILINE)
    assert sorted(named) == sorted(VERBS)


@pytest.mark.parametrize("verb", LEAVES, ids=" ".join)
def test_every_verb_explains_itself_in_80_columns(verb: list[str]) -> None:
    answer = run(*verb, "--help")
    assert answer.exit_code == 0
    lines = answer.output.splitlines()
    assert len([line for line in lines if line.strip()]) > 3
    assert max(len(line.rstrip()) for line in lines) <= 80


def test_every_verb_has_one_sentence_of_help() -> None:
    command = typer.main.get_command(app)
    sentences = {name: sub.get_short_help_str(200) for name, sub in command.commands.items()}  # type: ignore[attr-defined]  # a group
    assert sorted(sentences) == sorted(VERBS)
    assert [name for name, said in sentences.items() if not said.endswith((".", "-k."))] == []


def test_help_loads_nothing_slow() -> None:
    look = (
        "import sys; from concord.cli.main import app; app(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "concord.cli.verbs.nights" in loaded
    assert (
        loaded & {"airflow", "dbt", "great_expectations", "pandas", "psycopg", "requests", "sqlalchemy"} == set()
    )


@pytest.mark.parametrize(
    "arguments",
    [["report"], ["plan", "list"], ["dead-letters", "list"], ["night"], ["migrate"], ["backfills", "list"]],
    ids=" ".join,
)
def test_without_an_installation_one_sentence_says_what_to_do(tmp_path: Path, arguments: list[str]) -> None:
    answer = start(tmp_path, *arguments)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("concord: Concord does not run here; start it with ./concord up")
    assert len(answer.stderr.splitlines()) == 1


def test_debug_shows_where_an_error_arose(tmp_path: Path) -> None:
    answer = start(tmp_path, "--debug", "report")
    assert answer.returncode == 1
    assert "Traceback" in answer.stderr


@pytest.mark.parametrize(
    "arguments",
    [["frobnicate"], ["backfill"], ["backfill", "--from", "2026-11-07", "--to", "2026-11-01"], ["trace", "x"]],
    ids=["unknown verb", "nothing given", "backwards", "half given"],
)
def test_wrong_usage_is_status_2(tmp_path: Path, arguments: list[str]) -> None:
    answer = start(tmp_path, *arguments)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_a_warehouse_that_is_down_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", "postgresql://nobody@127.0.0.1:9/none")
    answer = start(tmp_path, "plan", "list")
    assert answer.returncode == 1
    assert answer.stderr.startswith("concord: PostgreSQL cannot be reached")
    assert len(answer.stderr.splitlines()) == 1


def test_status_and_down_work_where_nothing_runs(tmp_path: Path) -> None:
    status = start(tmp_path, "status")
    assert (status.returncode, status.stderr) == (0, "")
    assert status.stdout.startswith("Nothing runs from")
    down = start(tmp_path, "down")
    assert (down.returncode, down.stdout.strip()) == (0, "Nothing was running.")


def test_airflow_is_called_only_where_it_runs(tmp_path: Path) -> None:
    answer = start(tmp_path, "airflow", "dags", "list", "--output", "json")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith(f"concord: Airflow does not run from {tmp_path}; start it with ./concord up.")


def test_systems_lists_what_is_declared(tmp_path: Path) -> None:
    answer = start(tmp_path, "systems")
    assert answer.returncode == 0
    for name in ("shopify_default", "salesforce_default", "tryton_default", "inventory_levels"):
        assert name in answer.stdout


def test_a_demo_of_an_unknown_system_names_those_there_are(tmp_path: Path) -> None:
    answer = start(tmp_path, "demo", "--once", "--systems", "abacus")
    assert answer.returncode == 1
    assert answer.stderr.startswith("concord: There is no system abacus; choose among")


WEEK = ("--from", "2026-11-01", "--to", "2026-11-07")


def test_a_dry_run_shows_the_windows_and_needs_no_airflow(tmp_path: Path) -> None:
    answer = start(tmp_path, "backfill", *WEEK, "--dry-run", "--resource", "orders", "--step", "day")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert re.search(r"orders +7 +2026-11-01 00:00 +2026-11-08 00:00", answer.stdout)
    assert "Nothing was read" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--from", "2026-11-01", "--to", "2099-01-01"], "2099-01-01 lies in the future"),
        ([*WEEK, "--system", "abacus"], "There is no system 'abacus'"),
        ([*WEEK, "--resource", "ordes"], "There is no resource ordes in"),
        ([*WEEK, "--step", "year"], "There is no step 'year'; choose among day, week, month, all."),
    ],
)
@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["real", "dry"])
def test_a_backfill_that_cannot_be_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str, more: list[str]
) -> None:
    monkeypatch.setenv("CONCORD_AIRFLOW_URL", "http://127.0.0.1:9")
    answer = start(tmp_path, "backfill", *arguments, *more)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith(f"concord: {sentence}")
    assert len(answer.stderr.splitlines()) == 1
