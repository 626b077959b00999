"""A step that fails is shown and turns the whole red; a step that cannot run yet says so."""

from pathlib import Path

import pytest
from rich.console import Console

from concord.quality.checks import Outcome, Step, run_checks, run_tool, show, take
from concord.quality.tests import run_tests


def test_a_tool_that_passes_has_no_complaint(tmp_path: Path) -> None:
    assert run_tool(["ruff", "--version"], tmp_path, {}) == ""


def test_a_tool_that_fails_complains_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n")
    assert "F401" in run_tool(["ruff", "check", "--isolated", "--no-cache", "a.py"], tmp_path, {})


def test_a_tool_that_is_missing_is_a_complaint(tmp_path: Path) -> None:
    assert "is not installed" in run_tool(["no-such-tool"], tmp_path, {})


def test_a_step_whose_subject_is_missing_is_skipped_with_the_reason(tmp_path: Path) -> None:
    outcome = take(Step("sql", lambda: "never asked", tmp_path / "dbt_project"))
    assert (outcome.complaint, outcome.remark) == ("", "skipped: there is no dbt_project")


def test_the_table_names_every_step_after_the_complaints() -> None:
    console = Console(record=True, width=80)
    show(console, [Outcome("lint", "a.py:1: F401 [x]", 0.1), Outcome("types", "", 2.0)])
    text = console.export_text()
    assert text.index("F401 [x]") < text.index("check")
    assert [line.split()[:2] for line in text.splitlines()[-2:]] == [["lint", "failed"], ["types", "passed"]]


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
