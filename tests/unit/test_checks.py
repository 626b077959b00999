"""A failed step is shown and makes the whole check fail; a step that cannot run yet says so."""

import subprocess
import tomllib
from pathlib import Path

import pytest
from rich.console import Console

from concord.installed import PRODUCT
from concord.settings import Settings
from tools.__main__ import main
from tools.checks import Outcome, Step, run_checks, run_tool, show, take
from tools.sql_style import lint_models
from tools.tests import run_tests


def test_a_tool_that_passes_has_no_complaint(tmp_path: Path) -> None:
    assert run_tool(["ruff", "--version"], tmp_path, {}) == ""


def test_a_tool_that_fails_complains_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n")
    assert "F401" in run_tool(["ruff", "check", "--isolated", "--no-cache", "a.py"], tmp_path, {})


def test_a_tool_that_is_missing_is_a_complaint(tmp_path: Path) -> None:
    assert "is not installed" in run_tool(["no-such-tool"], tmp_path, {})


def test_a_step_whose_subject_is_missing_is_skipped_with_the_reason(tmp_path: Path) -> None:
    settings = Settings(warehouse_url="", home=tmp_path)
    outcome = take(Step("sql", lambda _: "never asked", tmp_path / "dbt_project"), settings)
    assert (outcome.complaint, outcome.remark) == ("", "skipped: there is no dbt_project")


def test_the_table_names_every_step_after_the_complaints() -> None:
    console = Console(record=True, width=80)
    show(console, [Outcome("lint", "a.py:1: F401 [x]", 0.1), Outcome("types", "", 2.0)])
    text = console.export_text()
    assert text.index("F401 [x]") < text.index("check")
    assert [line.split()[:2] for line in text.splitlines()[-2:]] == [["lint", "failed"], ["types", "passed"]]


def test_a_remark_stands_beside_the_result() -> None:
    console = Console(record=True, width=80)
    show(console, [Outcome("sizes", "", 0.1, "7 lines"), Outcome("dbt", "", 0.0, "skipped: there is no dbt")])
    rows = [line.split() for line in console.export_text().splitlines()[-2:]]
    assert rows == [
        ["sizes", "passed", "0.1", "7", "lines"],
        ["dbt", "–", "0.0", *["skipped:", "there", "is", "no", "dbt"]],
    ]


@pytest.mark.parametrize(("statement", "status"), [("assert True is True", 0), ("assert True is False", 1)])
def test_the_status_of_the_tests_is_passed_on(tmp_path: Path, statement: str, status: int) -> None:
    (tmp_path / "test_it.py").write_text(f"def test_it():\n    {statement}\n")
    assert run_tests(["-q", "-p", "no:cacheprovider", "test_it.py"], root=tmp_path) == status


def test_an_unknown_check_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_checks(["speling"], root=tmp_path) == 2
    assert "No such check: speling" in capsys.readouterr().out


def test_a_breach_turns_the_whole_red(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "a.py").write_text("\n" * 400)
    assert run_checks(["sizes"], root=tmp_path) == 1
    assert "the file has 400 lines" in capsys.readouterr().out
    (tmp_path / "plugins" / "a.py").write_text("")
    assert run_checks(["sizes"], root=tmp_path) == 0


@pytest.mark.parametrize("verb", ["check", "test"])
def test_help_says_what_a_verb_takes_and_runs_nothing(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: ./concord {verb} [")


def test_help_of_check_names_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "-h"])
    assert "sql, types, dbt, layers, format, lint, sizes, ledger, citus, vendors, words" in capsys.readouterr().out


def test_another_verb_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frobnicate"]) == 2
    assert capsys.readouterr().err == "concord: There is no verb 'frobnicate' here; there are check, test.\n"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(["--help"], 0, "Usage: ./concord lock [OPTION ...]", id="help"),
        pytest.param(["everything"], 2, "lock takes options only, not 'everything'", id="wrong usage"),
    ],
)
def test_the_launcher_explains_how_packages_are_locked(arguments: list[str], status: int, words: str) -> None:
    command = [str(PRODUCT / "concord"), "lock", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status
    assert words in done.stdout + done.stderr


CONTRACT = """
[importlinter]
root_packages =
    concord
[importlinter:contract:circle]
name = {name}
type = {type}
ancestors =
    {ancestors}
"""


@pytest.mark.parametrize(("imported", "is_circle"), [("concord.other", True), ("json", False)])
def test_an_import_circle_is_found(tmp_path: Path, imported: str, *, is_circle: bool) -> None:
    settings = tomllib.loads((PRODUCT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    [contract] = [each for each in contracts if each["type"] == "acyclic_siblings"]
    values = {**contract, "ancestors": "\n    ".join(contract["ancestors"])}
    (tmp_path / ".importlinter").write_text(CONTRACT.format(**values))
    (tmp_path / "concord").mkdir()
    (tmp_path / "concord" / "__init__.py").touch()
    (tmp_path / "concord" / "one.py").write_text(f"import {imported}\n")
    (tmp_path / "concord" / "other.py").write_text("import concord.one\n")
    complaint = run_tool(["lint-imports", "--no-cache"], tmp_path, {"PYTHONPATH": str(tmp_path)})
    assert ("1 broken" in complaint) is is_circle


@pytest.mark.parametrize("place", ["dbt_project", "examples/acme"])
def test_a_model_is_linted_again_when_it_or_a_macro_changes_and_until_it_passes(
    tmp_path: Path, place: str
) -> None:
    project, asked = tmp_path / place, []
    (project / "models").mkdir(parents=True)
    (tmp_path / "dbt_project" / "macros").mkdir(parents=True)
    for name in ("one", "two"):
        (project / "models" / f"{name}.sql").write_text("select 1")

    def lint(complaint: str = "") -> list[str]:
        asked.clear()
        assert lint_models(
            tmp_path, project, lambda models: asked.extend(models) or complaint
        ) == complaint * bool(asked)
        return asked

    assert lint("too long") == lint() == ["models/one.sql", "models/two.sql"]
    assert lint() == []
    (project / "models" / "two.sql").write_text("select 2")
    assert lint() == ["models/two.sql"]
    (tmp_path / "dbt_project" / "macros" / "new.sql").write_text("select 3")
    assert lint() == ["models/one.sql", "models/two.sql"]
