"""The pytest plugin of a project: `pytest_plugins = ["concord.testing.plugin"]` in its `tests/conftest.py`.

It runs the standard suite on every system that the project declares, and on every other system for which
`tests/benches/` has a module. The project is the folder with a `concord.toml` in which pytest runs.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from concord.contract import System
from concord.errors import ConcordError
from concord.project import FILE, VARIABLE, choose_project
from concord.registry import declared_systems, own_systems
from concord.testing.benches import choose_benches
from concord.testing.environment import FOR_BENCHES, unseen_variables
from concord.testing.modules import Modules, in_folder
from concord.testing.plantings import choose_plantings
from sandbox.parts import include_project

pytest_plugins = ["concord.testing.standard"]
TESTS = "tests"
_unseen: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the project and its benches; raises `pytest.UsageError` where there is no project."""
    config.addinivalue_line(
        "markers", "timeout(seconds): how long a test may take, where pytest-timeout is installed"
    )
    project = next(_find_projects(config), None)
    if project is None:
        raise pytest.UsageError(
            f"There is no {FILE} here or above; run pytest in a project, or name it in {VARIABLE}."
        )
    _unseen[:] = unseen_variables(os.environ)
    for name in _unseen:
        del os.environ[name]
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = "127.0.0.1,localhost"
    choose_project(project)
    include_project()
    try:
        declared_systems()
    except ConcordError as error:
        raise pytest.UsageError(error.message) from error
    benches, planted = (project / TESTS / name for name in ("benches", "planted"))
    choose_benches(Modules(benches, in_folder(benches), lambda: _find_systems(benches)))
    choose_plantings(Modules(planted, in_folder(planted), lambda: _find_systems(planted)))


def pytest_report_header() -> str:
    """Say which variables of whoever runs the tests are not seen by them."""
    names = ", ".join(name for name in _unseen if name != VARIABLE)
    return f"not seen by tests: {names} (name what a bench needs {FOR_BENCHES}...)" if names else ""


def _find_projects(config: pytest.Config) -> Iterator[Path]:
    """The folders with a concord.toml in or above which is what shall be run, then the one that is named."""
    for name in config.args:
        path = (config.invocation_params.dir / name.partition("::")[0]).resolve()
        yield from (folder for folder in (path, *path.parents) if (folder / FILE).is_file())
    if named := os.environ.get(VARIABLE):
        yield Path(named)


def _find_systems(modules: Path) -> list[System]:
    """The systems that the project declares, and those for which there is a module."""
    own = {item.name for item in own_systems()} | {file.stem for file in modules.glob("[!_.]*.py")}
    return [item for item in declared_systems() if item.name in own]
