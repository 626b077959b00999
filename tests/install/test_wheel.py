"""The wheel, installed into an environment of its own: all that the repository has beside the code is in it.

The environment has the packages of this one on its path, but not this one's Concord.
"""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import psycopg
import pytest

from concord.installed import PRODUCT

TILL = """
from dataclasses import replace

from concord.systems.legacy_sql import SYSTEM as SHOP

SYSTEM = replace(SHOP, name="till")
"""
LOOK = """
import json, sys
from importlib.util import find_spec
import concord
from airflow.dag_processing.dagbag import DagBag
from concord import registry
from concord.cli.context import DAGS, PLUGINS
from concord.installed import PRODUCT
from concord.stages.validate.expectations import find_suite, load_suite
before = find_spec("sandbox")
import concord.testing, sandbox
bag = DagBag(DAGS)
suites = [load_suite(find_suite(PRODUCT / "expectations", system, resource.name)).name
          for system in registry.declared_systems() for resource in system.resources]
print(json.dumps({
    "places": [concord.__file__, sandbox.__file__, str(DAGS), str(PLUGINS)], "before": before is None,
    "path": sys.path, "dags": sorted(bag.dags), "wrong": bag.import_errors, "suites": len(suites),
}))
"""


def call(*command: str | Path) -> str:
    """What a command says that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Concord's wheel, built of the repository as it lies here."""
    folder = tmp_path_factory.mktemp("dist")
    options = ("--no-build-isolation", "--no-deps", "--no-index", "--quiet", "--wheel-dir", str(folder))
    call(sys.executable, "-m", "pip", "wheel", *options, PRODUCT)
    (built,) = folder.glob("concord-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment into which the wheel is installed."""
    folder = tmp_path_factory.mktemp("installed")
    call(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    options = ("--no-deps", "--no-index", "--quiet")
    call(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "bin"


class Machine:
    """A folder outside of the repository, in which the installed programs are called."""

    def __init__(self, programs: Path, folder: Path, url: str) -> None:
        self.programs, self.folder = programs, folder
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CONCORD_SYSTEMS")}
        self.environment = {
            **kept,
            "AIRFLOW_HOME": str(folder / "airflow"),
            "CONCORD_HOME": str(folder / "state"),
            "CONCORD_WAREHOUSE_URL": url,
            "COLUMNS": "200",
        }

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.programs / name), *arguments]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def say(self, name: str, *arguments: str) -> str:
        """What a program says that must succeed."""
        done = self.run(name, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def machine(installed: Path, tmp_path: Path, empty_database: str) -> Machine:
    return Machine(installed, tmp_path, empty_database)


def test_the_wheel_has_what_the_repository_has_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tracked = call("git", "-C", PRODUCT, "ls-files").splitlines() if (PRODUCT / ".git").exists() else []
    shared = ("dags/", "dbt_project/", "expectations/", "examples/", "sandbox/")
    wanted = {f"concord/share/{name}" for name in tracked if name.startswith(shared)}
    wanted |= {name.removeprefix("plugins/") for name in tracked if name.startswith("plugins/concord/")}
    there = {name for name in wanted if (PRODUCT / name.replace("concord/share/", "")).exists()}
    assert {f"concord/share/plugins/{name}.py" for name in ("airflow_local_settings", "concord_schedule")} <= names
    assert there - names == set()
    assert not [name for name in names if name.startswith(("tests/", "tools/")) or "__pycache__" in name]


def test_the_installed_concord_finds_its_own_dags_suites_and_sandbox(machine: Machine) -> None:
    seen = json.loads(machine.say("python", "-c", LOOK).splitlines()[-1])
    packages = next(machine.programs.parent.glob("lib/python*/site-packages"))
    assert [place for place in seen["places"] if not Path(place).is_relative_to(packages / "concord")] == []
    assert str(PRODUCT) not in seen["path"]
    assert (seen["before"], seen["wrong"]) == (True, {})
    assert {"reconcile", "report", "ingest_shopify", "write_back_hubspot"} <= set(seen["dags"])
    assert seen["suites"] > 40


def test_a_project_is_made_and_its_models_are_read_with_concords(machine: Machine) -> None:
    assert "Usage: concord [OPTIONS]" in machine.say("concord", "--help")
    told = machine.say("concord", "init", "acme", "--shop", "shopify", "--crm", "hubspot")
    assert "concord --project acme validate" in told
    assert "./concord" not in told
    systems = machine.say("concord", "--project", "acme", "systems")
    assert "Shopify" in systems
    assert "Salesforce" not in systems
    model = machine.folder / "acme" / "models" / "buyers.sql"
    model.write_text("select * from {{ ref('customers') }}")
    assert "nothing is wrong" in machine.say("concord", "--project", "acme", "validate")
    model.write_text("select * from {{ ref('custmers') }}")
    refused = machine.run("concord", "--project", "acme", "validate")
    assert refused.returncode == 1
    assert "custmers" in refused.stdout


def test_a_warehouse_is_made_by_the_migrations_of_the_wheel(machine: Machine) -> None:
    machine.say("concord", "init", "acme", "--shop", "shopify", "--crm", "hubspot")
    machine.say("concord", "--project", "acme", "migrate")
    with psycopg.connect(machine.environment["CONCORD_WAREHOUSE_URL"]) as connection:
        count = connection.execute("select count(*) from public.concord_migrations").fetchone()
        tables = {
            row[0]
            for row in connection.execute(
                "select tablename from pg_tables where schemaname = 'validated'"
            ).fetchall()
        }
    assert count == (len(list((PRODUCT / "plugins/concord/store/migrations").glob("*.sql"))),)
    assert {"shopify__orders", "hubspot__contacts"} <= tables
    assert not [name for name in tables if name.startswith("salesforce")]


def test_a_projects_tests_run_the_suite_of_the_wheel(machine: Machine) -> None:
    machine.say("concord", "init", "acme", "--shop", "shopify", "--crm", "hubspot")
    (machine.folder / "acme" / "systems" / "till.py").write_text(TILL)
    said = machine.say("concord", "--project", "acme", "test", "--collect-only", "-q", "-p", "no:cacheprovider")
    assert said.count("[till") > 40
    assert "shopify" not in said
