"""What happens in a process that parses the Dags, as every task does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from concord.installed import PRODUCT

# Each of them takes a good part of a second, which every task would pay.
HEAVY = {
    "asyncssh",
    "dbt",
    "duckdb",
    "great_expectations",
    "numpy",
    "openpyxl",
    "pandas",
    "scipy",
    "splink",
    "zeep",
}
LOOK = """
import json, sys
from pathlib import Path
import airflow.sdk, airflow.providers.standard.operators.hitl
from airflow import plugins_manager
from airflow.dag_processing.dagbag import DagBag
list(plugins_manager._get_plugins())
before = set(sys.modules)
bag = DagBag({dags!r})
ours = {{
    name: file for name, module in list(sys.modules.items())
    if (file := getattr(module, "__file__", None)) and file.startswith({package!r})
}}
brought = sorted({{name.partition(".")[0] for name in set(sys.modules) - before}} & {heavy!r})
print(json.dumps({{
    "dags": len(bag.dags), "errors": list(bag.import_errors.values()), "ours": ours, "brought": brought,
}}))
"""


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    package = str(PRODUCT / "plugins" / "concord") + "/"
    finished = subprocess.run(
        [sys.executable, "-c", LOOK.format(dags=str(PRODUCT / "dags"), package=package, heavy=HEAVY)],
        env=environment(tmp_path_factory.mktemp("airflow")),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return dict(json.loads(finished.stdout.splitlines()[-1]))


def environment(home: Path) -> dict[str, str]:
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PRODUCT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    return {**os.environ, **settings}


def test_all_dags_load_without_the_installations_settings(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == []
    assert parsed["dags"] == 13


def test_our_package_has_one_name_only(parsed: dict[str, Any]) -> None:
    assert len(parsed["ours"]) > 20
    assert [name for name in parsed["ours"] if name != "concord" and not name.startswith("concord.")] == []


def test_parsing_imports_nothing_that_takes_long(parsed: dict[str, Any]) -> None:
    assert parsed["brought"] == []
