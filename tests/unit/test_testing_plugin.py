"""The standard suite as a plugin: one line in a project's tests runs it on the systems that it declares."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from concord.cli.main import app
from concord.errors import ConfigurationError
from concord.installed import PRODUCT

SYSTEM = "from tests.systems.kiosk_system import SYSTEM\n\n__all__ = ['SYSTEM']\n"
TOML = '[systems.kiosk]\nroles = ["shop"]\n\n[systems.netsuite]\n'
READING = "test_every_record_of_many_pages_comes_once or planted"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a system of its own, whose bench is that of the repository's tests."""
    bench = (PRODUCT / "tests/systems/benches/kiosk.py").read_text(encoding="utf-8")
    texts = {
        "concord.toml": TOML,
        "systems/kiosk.py": SYSTEM,
        "tests/conftest.py": 'pytest_plugins = ["concord.testing.plugin"]\n',
        "tests/benches/kiosk.py": bench,
        "tests/test_own.py": "def test_of_our_own(database: str) -> None:\n    assert database\n",
    }
    monkeypatch.setenv("PYTHONPATH", str(PRODUCT))  # its declaration is that of the repository's tests
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(project: Path, *arguments: str, **variables: str) -> str:
    """What pytest says in the folder of a project."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout + done.stderr


def test_the_suite_is_made_for_each_system_of_the_project_and_no_other(project: Path) -> None:
    said = run(project, "--collect-only", "-q")
    cases = re.findall(r"\btest_(\w+)\.py::test_\w+(?:\[(.*)\])?", said)
    assert len({module for module, _ in cases}) > 15
    assert len([case for _, case in cases if case.startswith("kiosk")]) > 80
    assert not [case for _, case in cases if case.startswith(("netsuite", "shopify"))]
    assert "tests/test_own.py::test_of_our_own" in said


def test_a_project_runs_it_with_its_own_tests_and_sees_no_variable_of_concord(project: Path) -> None:
    said = run(project, "-k", f"({READING}) or own", "-rA", CONCORD_SYSTEMS="nothing")
    assert "not seen by tests: CONCORD_SYSTEMS" in said
    assert "PASSED tests/test_own.py::test_of_our_own" in said
    assert re.search(r"PASSED \S+test_every_record_of_many_pages_comes_once\[kiosk customers\]", said)
    missing = f"{project}/tests/planted/kiosk.py has no good record of customers"
    assert missing in said


def test_what_a_test_sets_in_the_environment_ends_with_it(project: Path) -> None:
    (project / "tests/test_own.py").write_text(
        "import os\n\n\ndef test_first() -> None:\n    os.environ['CONCORD_PROFILE'] = 'left'\n"
        "    del os.environ['PATH']\n\n\ndef test_second() -> None:\n"
        "    assert 'CONCORD_PROFILE' not in os.environ and os.environ['PATH']\n"
    )
    assert re.search(r"\b2 passed", run(project, "-p", "no:randomly", "-p", "no:xdist", "tests/test_own.py"))


def test_a_single_file_is_run_without_the_suite(project: Path) -> None:
    assert re.search(r"\b1 passed", run(project, "tests/test_own.py"))


def test_a_system_without_a_bench_is_told(project: Path) -> None:
    (project / "tests/benches/kiosk.py").unlink()
    said = run(project, "-k", "test_what_is_left_out_is_a_real_test")
    assert f"System kiosk has no bench; write {project}/tests/benches/kiosk.py with FACTS." in said


def test_what_keeps_the_suite_from_running_is_one_sentence(project: Path) -> None:
    (project / "systems/kiosk.py").write_text("import no_such_module")
    assert run(project).endswith(
        "kiosk.py cannot be imported (ModuleNotFoundError: No module named 'no_such_module'); correct it.\n\n"
    )
    (project / "concord.toml").unlink()
    assert "There is no concord.toml here or above" in run(project)


def test_the_command_line_runs_the_tests_of_the_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONCORD_SYSTEMS")
    arguments = ["--project", str(project), "test", "--collect-only", "-k", "own", "-q"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    (project / "tests/conftest.py").unlink()
    refused = CliRunner().invoke(app, arguments).exception
    assert isinstance(refused, ConfigurationError)
    assert 'pytest_plugins = ["concord.testing.plugin"]' in refused.message
