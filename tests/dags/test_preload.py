"""What a program of Airflow that starts tasks has imported before its first fork."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from concord.installed import PRODUCT
from concord.orchestration.preload import MODULES

LOOK = """
import json, os, sys
sys.argv[1:] = {arguments!r}
import airflow.settings
airflow.settings.initialize()
child = os.fork()
if not child:
    print(json.dumps([name for name in {modules!r} if name in sys.modules]), flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


def imported_in_a_fork(home: Path, *arguments: str) -> list[str]:
    settings = {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__PLUGINS_FOLDER": str(PRODUCT / "plugins")}
    finished = subprocess.run(
        [sys.executable, "-c", LOOK.format(arguments=list(arguments), modules=MODULES)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return list(json.loads(finished.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["scheduler"], ["celery", "worker"]], ids=" ".join)
def test_a_task_finds_imported_what_it_needs(tmp_path: Path, arguments: list[str]) -> None:
    assert imported_in_a_fork(tmp_path, *arguments) == list(MODULES)


def test_a_program_that_starts_no_task_imports_nothing_ahead(tmp_path: Path) -> None:
    assert imported_in_a_fork(tmp_path, "api-server") == []
