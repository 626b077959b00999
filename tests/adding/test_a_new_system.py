"""A help desk that Concord does not know is laid over a copy of the repository, and everything finds it.

Its files lie in `deskly/` where they would lie in the repository. None of them may replace one that is there.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from concord.protocols import rest
from concord.settings import REPOSITORY
from concord.stages.reconcile.transform import connection_variables
from tools.words import list_files

DESKLY = Path(__file__).with_name("deskly")
SUITE = ("reading", "writing", "truthful", "expectations")
DBT = Path(sys.executable).with_name("dbt")
RUFF = Path(sys.executable).with_name("ruff")
LOOK = """
import json
from airflow.dag_processing.dagbag import DagBag
from concord import registry
from sandbox.referee.night import unjudged_systems
from sandbox.staging import stageable_systems
from concord.cli.demo import check_names
from concord.errors import ConfigurationError
from tools.sizes import find_oversized
from concord.protocols import rest
from concord.settings import REPOSITORY
from concord.stages.reconcile.dbt_variables import describe_systems
from concord.store.engine import Database
from concord.store.tables import create_tables
from sandbox.vendors.registry import VENDORS
from sandbox.world.systems import find_resources

database = Database({url!r})
for system in (registry.system("deskly"), registry.system("shopify")):
    for resource in system.resources:
        create_tables(database, system, resource)
bag = DagBag(REPOSITORY / "dags")
vendors, can_be_shown = sorted(VENDORS), stageable_systems()
del VENDORS["deskly"]
try:
    check_names(("shopify", "deskly"))
except ConfigurationError as error:
    refused = str(error)
print(json.dumps({{
    "root": str(REPOSITORY), "systems": [item.name for item in registry.systems()],
    "pools": registry.pool_slots(), "dags": sorted(bag.dags), "wrong": [*bag.import_errors.values()],
    "vendors": vendors, "told": sorted(find_resources()["deskly"]), "oversized": find_oversized(REPOSITORY),
    "stageable": can_be_shown, "unknown": unjudged_systems(), "refused": refused,
    "entities": describe_systems(registry.systems(), [REPOSITORY / "dbt_project/models/entities"])["entities"],
}}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as it is, and the help desk's files beside its own."""
    root = tmp_path_factory.mktemp("copy")
    for path in list_files(REPOSITORY):
        if not path.is_relative_to(DESKLY):
            target = root / path.relative_to(REPOSITORY)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    added = [path.relative_to(DESKLY) for path in list_files(REPOSITORY) if path.is_relative_to(DESKLY)]
    assert len(added) > 10
    assert [path for path in added if (root / path).exists()] == []
    for path in added:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DESKLY / path, root / path)
    return root


def run(copy: Path, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{copy / 'plugins'}{os.pathsep}{copy}", **variables}
    return subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, timeout=200, check=False
    )


@pytest.fixture(scope="module")
def seen(copy: Path, module_database: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an installation that uses nothing but the help desk says of itself, with tables in the warehouse."""
    variables = {"CONCORD_SYSTEMS": "deskly", "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow"))}
    done = run(copy, sys.executable, "-c", LOOK.format(url=module_database), **variables)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def suite(copy: Path) -> str:
    """What its own tests say, and those that hold the documents against the declarations."""
    files = ["tests/systems/conftest.py"]  # pytest then knows the benches, which the suite asks for
    files += [f"plugins/concord/testing/suite/test_{name}.py" for name in SUITE]
    files += ["tests/unit/test_systems_views.py"]
    return run(copy, sys.executable, "-m", "pytest", *files, "-k", "deskly or documents").stdout


def test_the_registry_the_dags_and_the_sandbox_find_it(copy: Path, seen: dict[str, Any]) -> None:
    assert (seen["root"], seen["systems"], seen["wrong"], seen["oversized"]) == (str(copy), ["deskly"], [], [])
    assert seen["pools"] == {"deskly": 2, "dbt": 1}
    assert {"ingest_deskly", "write_back_deskly"} <= set(seen["dags"])
    assert seen["told"] == ["requesters", "tickets"]
    assert seen["entities"] == {"customers": ["deskly"]}
    assert "deskly" in seen["vendors"]


def test_the_demo_shows_it_and_says_what_it_cannot_say_of_it(seen: dict[str, Any]) -> None:
    assert "deskly" in seen["stageable"]
    assert seen["unknown"] == ["deskly"]
    assert seen["refused"].startswith("The sandbox has no deskly; give it sandbox/vendors/deskly/")


@pytest.mark.usefixtures("seen")
def test_its_tables_are_staged_and_what_it_should_say_is_worked_out(
    copy: Path, module_database: str, tmp_path: Path
) -> None:
    folder = str(copy / "dbt_project")
    models = ("+desired_deskly__tickets", "+customers__deskly")
    variables = {
        **connection_variables(module_database),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        "DBT_LOG_PATH": str(tmp_path / "logs"),
    }
    places = ("--project-dir", folder, "--profiles-dir", folder)
    done = run(copy, DBT, "build", *places, "--select", *models, **variables)
    assert done.returncode == 0, done.stdout
    assert "an_open_question_on_a_cancelled_order_is_urgent" in done.stdout


def test_the_standard_suite_runs_on_it_and_holds_with_its_expectations(suite: str) -> None:
    passed = re.search(r"(\d+) passed", suite)
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", suite, re.MULTILINE)
    assert passed is not None, suite
    assert int(passed[1]) > 40
    assert sorted({name.partition("::")[0] for name in failed}) == ["tests/unit/test_systems_views.py"]


def test_what_must_be_edited_is_named_with_what_to_do(suite: str) -> None:
    assert len(re.findall("^FAILED", suite, re.MULTILINE)) == 2
    assert "./concord systems --picture docs/data-flow.svg" in suite
    assert "docs/connections.md needs a row for deskly_default" in suite


def test_its_files_are_in_style(copy: Path) -> None:
    added = [str(path.relative_to(DESKLY)) for path in DESKLY.rglob("*.py")]
    for command in (["check"], ["format", "--check"]):
        done = run(copy, RUFF, *command, *added)
        assert done.returncode == 0, done.stdout
    assert f"{len(added)} files already formatted" in done.stdout


def test_the_page_leads_to_every_file_of_it_and_to_those_that_are_edited() -> None:
    page = (REPOSITORY / "docs" / "adding-a-system.md").read_text(encoding="utf-8")
    folders = {
        str(path.relative_to(DESKLY).parent) for path in list_files(REPOSITORY) if path.is_relative_to(DESKLY)
    }
    assert len(folders) > 6
    assert {folder for folder in folders if folder not in page} == set()
    edited = re.findall(r"`((?:docs|seeds|models|plugins|sandbox)/[\w/.-]+)`", page.partition("## 8.")[2])
    assert len(edited) > 6
    roots = (REPOSITORY, REPOSITORY / "dbt_project")
    assert [name for name in edited if not any((root / name).exists() for root in roots)] == []


def without_layout(code: str) -> str:
    return re.sub(r"\s|,(?=\s*[)\]}])", "", code)


def test_the_page_declares_what_its_files_declare() -> None:
    page = (REPOSITORY / "docs" / "adding-a-system.md").read_text(encoding="utf-8")
    declared = without_layout((DESKLY / "plugins/concord/systems/deskly.py").read_text(encoding="utf-8"))
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    parts = [without_layout(part) for block in blocks for part in block.split("…")]
    assert len(parts) > 8
    assert [part for part in parts if part not in declared] == []


def test_the_page_names_classes_that_there_are_and_every_pager() -> None:
    page = (REPOSITORY / "docs" / "adding-a-system.md").read_text(encoding="utf-8")
    names = re.findall(r"`(protocols(?:\.[a-z]+)+)\.([A-Z]\w+)`", page)
    assert len(names) > 10
    assert [name for name in names if not hasattr(import_module(f"concord.{name[0]}"), name[1])] == []
    named = set(re.findall(r"\| `([A-Z]\w+)[`(]", page))
    there = {name for name in rest.__all__ if getattr(rest, name).__module__.endswith("pagers")}
    assert named == there - {"Pager"}
