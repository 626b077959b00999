"""A project has a system that Concord does not know, and everything finds it as it lies there.

The project is `examples/help_desk/`. No file of the product names an example's system, and three files are enough.
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
from typer.testing import CliRunner

from concord import registry
from concord.cli.demo import check_names
from concord.cli.main import app
from concord.errors import ConfigurationError
from concord.installed import PRODUCT
from concord.protocols import rest
from concord.settings import Settings
from concord.stages.reconcile.dbt_variables import describe_systems
from concord.stages.reconcile.transform import connection_variables, dbt_options
from concord.store.engine import Database
from concord.store.tables import create_tables
from sandbox.referee.night import unjudged_systems
from sandbox.staging import stageable_systems
from sandbox.vendors.registry import find_vendors
from sandbox.world.systems import find_resources, find_truths
from tools.words import list_files

PROJECT = PRODUCT / "examples" / "help_desk"
PAGE = PRODUCT / "docs" / "adding-a-system.md"
CODE = (
    "plugins",
    "dags",
    "dbt_project",
    "expectations",
    "sandbox",
    "tools",
    "tests/systems",
    "tests/expectations",
)
THREE = ("systems/deskly.py", "models/customers__deskly.sql", "expectations/deskly/requesters.json")
DBT = Path(sys.executable).with_name("dbt")
LOOK = """
import json
from airflow.dag_processing.dagbag import DagBag
from concord.installed import PRODUCT

bag = DagBag(PRODUCT / "dags")
print(json.dumps({"dags": sorted(bag.dags), "wrong": [*bag.import_errors.values()]}))
"""


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Path:
    return use(PROJECT, monkeypatch)


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONCORD_PROJECT", str(folder))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return folder


def validate(folder: Path) -> str:
    told = CliRunner().invoke(app, ["--project", str(folder), "validate"], env={"CONCORD_SYSTEMS": ""})
    return told.output


def find_entities(folder: Path) -> dict[str, Any]:
    models = [PRODUCT / "dbt_project" / "models" / "entities", folder / "models"]
    return dict(describe_systems(registry.systems(), models)["entities"])


@pytest.mark.parametrize("name", [b"deskly", b"oscar"])
def test_no_file_of_the_product_names_it(name: bytes) -> None:
    texts = [path for path in list_files(PRODUCT) if str(path.relative_to(PRODUCT)).startswith(CODE)]
    assert len(texts) > 600
    named = {str(path.relative_to(PRODUCT)) for path in texts if name in path.read_bytes().lower()}
    # The reference shows examples, the sandbox's page tells of them, and a first name of the world is Oscar.
    assert named <= {"tools/reference.py", "sandbox/README.md", "sandbox/world/pools.py"}


def test_the_registry_and_the_sandbox_find_it(project: Path) -> None:
    assert [item.name for item in registry.systems()] == ["deskly", "hubspot"]
    assert [item.name for item in registry.written_systems()] == ["deskly", "hubspot"]
    assert registry.pool_slots()["deskly"] == 2
    assert find_entities(project)["customers"] == ["hubspot", "deskly"]
    assert "deskly" in find_vendors()
    assert "deskly" in stageable_systems()
    assert sorted(find_resources()["deskly"]) == ["requesters", "tickets"]
    assert find_truths()["deskly"].customers == "requesters"
    assert unjudged_systems() == []
    assert validate(project) == "Help desk: nothing is wrong. In use are hubspot, deskly.\n"


def test_without_the_project_nothing_of_it_is_there() -> None:
    assert "deskly" not in {*find_vendors(), *stageable_systems(), *find_resources(), *find_truths()}


def test_its_dags_are_made(project: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": f"{PRODUCT / 'plugins'}"}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["wrong"] == []
    assert {"ingest_deskly", "write_back_deskly", "ingest_hubspot"} <= set(found["dags"])


def test_its_models_are_built_and_hold_their_unit_tests(
    project: Path, module_database: str, tmp_path: Path
) -> None:
    for system in registry.systems():
        for resource in system.resources:
            create_tables(Database(module_database), system, resource)
    settings = Settings(warehouse_url=module_database, home=tmp_path, reports=tmp_path)
    options = [item for item in dbt_options(settings, registry.systems()) if item != "--quiet"]
    chosen = ("--select", "+desired_deskly__tickets", "+customers__deskly")
    done = subprocess.run(
        [DBT, "build", *options, *chosen],
        env={**os.environ, **connection_variables(module_database)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "an_open_question_on_a_cancelled_order_is_urgent" in done.stdout


def test_the_standard_suite_holds_for_it() -> None:
    command = [sys.executable, "-m", "pytest", "tests", "-q"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=400, check=False)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0, done.stdout
    assert passed is not None
    assert int(passed[1]) > 90


def test_three_files_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    (tmp_path / "concord.toml").write_text('name = "Three"\n[systems.hubspot]\n[systems.deskly]\n')
    use(tmp_path, monkeypatch)
    assert find_entities(tmp_path)["customers"] == ["hubspot", "deskly"]
    assert validate(tmp_path) == "Three: nothing is wrong. In use are hubspot, deskly.\n"
    with pytest.raises(ConfigurationError, match=r"The sandbox has no deskly; give it sandbox/deskly/"):
        check_names(("hubspot", "deskly"))


def test_the_page_leads_to_every_folder_of_it() -> None:
    page = PAGE.read_text(encoding="utf-8")
    files = [path.relative_to(PROJECT) for path in list_files(PRODUCT) if path.is_relative_to(PROJECT)]
    folders = {f"{path.parent}" for path in files if path.parent != Path()}
    assert len(folders) > 5
    assert {folder for folder in folders if folder not in page} == set()
    assert [name for name in THREE if name not in page] == []


def without_layout(code: str) -> str:
    return re.sub(r"\s|,(?=\s*[)\]}])", "", code)


@pytest.mark.parametrize(("language", "count"), [("python", 10), ("sql", 3), ("json", 1), ("csv", 2)])
def test_the_page_shows_what_stands_in_its_files(language: str, count: int) -> None:
    files = [path for path in list_files(PRODUCT) if path.is_relative_to(PROJECT)]
    texts = [without_layout(path.read_text(encoding="utf-8")) for path in files]
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    parts = [without_layout(part) for block in blocks for part in block.split("…")]
    assert len(parts) >= count
    assert [part for part in parts if not any(part in text for text in texts)] == []


def test_the_page_names_classes_that_there_are_and_every_pager() -> None:
    page = PAGE.read_text(encoding="utf-8")
    names = re.findall(r"`(protocols(?:\.[a-z]+)+)\.([A-Z]\w+)`", page)
    assert len(names) > 10
    assert [name for name in names if not hasattr(import_module(f"concord.{name[0]}"), name[1])] == []
    named = set(re.findall(r"\| `([A-Z]\w+)[`(]", page))
    there = {name for name in rest.__all__ if getattr(rest, name).__module__.endswith("pagers")}
    assert named == there - {"Pager"}
