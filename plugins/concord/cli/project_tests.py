"""Runs the tests of a project with pytest, as a process of its own."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from concord.errors import ConfigurationError
from concord.project import Project

PLUGIN = "concord.testing.plugin"
NEEDED = ("pytest", "hypothesis")
FOLDER = "tests"


def call_pytest(project: Project, arguments: Sequence[str]) -> int:
    """Run the project's tests with these arguments of pytest; its exit status.

    Raises ConfigurationError where the project has no tests, or where pytest is not installed.
    """
    tests = project.folder / FOLDER
    if not (tests / "conftest.py").exists():
        raise ConfigurationError(
            f'There is no {tests / "conftest.py"}; write it, with one line: pytest_plugins = ["{PLUGIN}"]'
        )
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ConfigurationError(
            f"The tests need {' and '.join(missing)}; install Concord with what its tests need: concord[testing]."
        )
    return subprocess.call([sys.executable, "-m", "pytest", str(tests), *arguments], cwd=project.folder)
