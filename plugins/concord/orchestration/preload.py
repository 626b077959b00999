"""Import once, in the program that starts tasks, what each task would import anew.

A task is a fork of its scheduler or Celery worker, so what was imported there before is there already. The
libraries take seconds, which a night of short tasks would otherwise pay a hundred times.
"""

import gc
import logging
import os
import sys
from functools import cache
from importlib import import_module

STARTS_TASKS = {"scheduler", "worker"}  # `airflow scheduler`, `airflow celery worker`
MODULES = (
    "concord.orchestration.ingesting",
    "concord.orchestration.reconciling",
    "concord.orchestration.writing_back",
    "concord.orchestration.reporting",
    "concord.orchestration.replaying",
    "concord.orchestration.watching",
    "concord.orchestration.backfilling",
    "concord.stages.validate.library",
    "dbt.cli.main",
    "dbt.adapters.postgres",
)
log = logging.getLogger(__name__)


def prepare_to_fork() -> None:
    """In a program that starts tasks, import what they need before it forks for the first time.

    Not at once, since Airflow reads its settings before it can be imported whole.
    """
    if STARTS_TASKS & set(sys.argv[1:]):
        os.register_at_fork(before=_preload)


@cache
def _preload() -> None:
    for name in MODULES:
        try:
            import_module(name)
        except Exception:  # whatever it is, the task that needs the module says it
            log.exception("%s could not be imported ahead of the tasks", name)
    gc.freeze()  # what never changes stays one copy for all forks
