"""Runs dbt inside this process, and records the result of each node."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from concord.contract import System
from concord.errors import BatchError
from concord.packages import model_files
from concord.project import read_project
from concord.settings import Settings
from concord.stages.reconcile.dbt_connections import keeping_connections
from concord.stages.reconcile.root_project import MODELS, RULES, dbt_folder
from concord.store.engine import DISK_FULL, NO_SPACE, PLANNER, Database, hide_rows

_FAILED = {"error", "fail", "runtime error", "partial success"}
_LEFT_OUT = "left_out"
_parsed: dict[tuple[object, ...], "DbtProject"] = {}
_FORGET = "delete from ops.dbt_results where run_id = %s and node_id = any(%s)"
_RECORD = """
insert into ops.dbt_results (run_id, node_id, state, failures, seconds, message) values (%s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class NodeResult:
    """One model, seed or test of a run; `seconds` is its execution time."""

    node_id: str
    state: str
    failures: int | None
    seconds: float
    message: str


@dataclass(frozen=True, slots=True)
class DbtProject:
    """The project of the systems in use as dbt has read it: its manifest, and the options of every command."""

    manifest: Any  # dbt's own type
    options: Sequence[str]
    warehouse_url: str


def run_dbt(
    project: DbtProject, database: Database, *, select: str, run_id: str, leave_out: Collection[str] = ()
) -> int:
    """Build the selected nodes, and return how many succeeded; `leave_out` names those that are not built.

    `select` is what follows `--select` on dbt's command line, and may go on with `--exclude`.

    Raises `BatchError` that names the nodes that did not succeed.
    """
    results = _build(project, select, {*leave_out})
    with database.transaction(PLANNER) as connection, connection.cursor() as cursor:
        cursor.execute(_FORGET, (run_id, [item.node_id for item in results]))
        cursor.executemany(
            _RECORD,
            [(run_id, item.node_id, item.state, item.failures, item.seconds, item.message) for item in results],
        )
    failed = [item for item in results if item.state in _FAILED]
    if failed:
        raise BatchError(describe_failure(failed, len(results)), run=run_id)
    return len(results)


def describe_failure(failed: Sequence[NodeResult], count: int) -> str:
    """A sentence that names up to five of the nodes that failed, why, and what to do about it."""
    named = "; ".join(f"{item.node_id.split('.')[2]}: {item.message[:160]}" for item in failed[:5])
    is_full = any(NO_SPACE in item.message for item in failed)
    advice = DISK_FULL if is_full else "Correct the data or the model, then run the task again."
    return f"{len(failed)} of {count} dbt nodes failed ({named}). What was built before stands. {advice}"


def _build(project: DbtProject, select: str, leave_out: Collection[str]) -> list[NodeResult]:
    _mark(project.manifest, leave_out)
    wanted, *excluded = select.split("--exclude")
    chosen = ["--select", *wanted.split(), "--exclude", f"tag:{_LEFT_OUT}", *" ".join(excluded).split()]
    with _environment(connection_variables(project.warehouse_url)), keeping_connections():
        outcome = _invoke(
            ["build", "--exclude-resource-type", "unit_test", *chosen, *project.options], project.manifest
        )
    return [
        NodeResult(
            node_id=item.node.unique_id,
            state=str(item.status),
            failures=item.failures,
            seconds=round(item.execution_time, 3),
            message=hide_rows(str(item.message or "")),
        )
        for item in outcome.results
    ]


def _mark(manifest: Any, names: Collection[str]) -> None:
    """Give these nodes, and no other, the tag by which they are left out.

    dbt compares each name that it is given with each of its nodes.
    """
    for node in manifest.nodes.values():
        others = [tag for tag in node.tags if tag != _LEFT_OUT]
        node.tags = [*others, _LEFT_OUT] if node.name in names else others


def check_models(settings: Settings, systems: Sequence[System]) -> None:
    """Let dbt read all models, without a database; `BatchError` with its words where it cannot."""
    parse_project(settings, systems)


def parse_project(settings: Settings, systems: Sequence[System]) -> DbtProject:
    """The project as dbt reads it, once for all builds of this process while nothing of it changes.

    Raises `BatchError` with dbt's words where it cannot be read.
    """
    options = _quiet_options(settings, systems)
    newest = max(path.stat().st_mtime_ns for path in _source_files(settings, systems))
    key = (settings.warehouse_url, newest, *options)
    if key not in _parsed:
        _parsed.clear()
        with _environment(connection_variables(settings.warehouse_url)):
            _parsed[key] = DbtProject(_invoke(["parse", *options]), options, settings.warehouse_url)
    return _parsed[key]


def _source_files(settings: Settings, systems: Sequence[System]) -> Iterator[Path]:
    """All files that dbt reads: those of Concord, of other packages and, where there is one, of the business."""
    yield from settings.dbt_project.rglob("*")
    yield from model_files({item.name for item in systems})
    project = read_project()
    if project is not None:
        yield from project.folder.joinpath(RULES).rglob("*")
        yield from project.folder.joinpath(MODELS).rglob("*")


def _invoke(arguments: Sequence[str], manifest: Any = None) -> Any:  # dbt's own types
    """The result of a command of dbt; `BatchError` when it could not start."""
    from dbt.cli.main import dbtRunner  # seconds of imports, needed only here

    outcome = dbtRunner(manifest=manifest).invoke([*arguments])
    if outcome.result is None:
        raise BatchError(f"dbt could not start ({outcome.exception}); correct what it names.")
    return outcome.result


def _quiet_options(settings: Settings, systems: Sequence[System]) -> list[str]:
    """The options by which dbt prints nothing and writes neither a log nor JSON files.

    There dbt quotes rows of PostgreSQL's errors; from its results, `_build` takes the errors without them.
    """
    return [*dbt_options(settings, systems), "--log-level", "none", "--log-level-file", "none", "--no-write-json"]


def dbt_options(settings: Settings, systems: Sequence[System]) -> list[str]:
    """The options of every dbt command; always the same ones, so that its parse cache stays valid."""
    target, folder = settings.home / "dbt", str(dbt_folder(settings, systems))
    return [
        "--project-dir", folder,
        "--profiles-dir", folder,
        "--target-path", str(target / "target"),
        "--log-path", str(target / "logs"),
        "--no-send-anonymous-usage-stats",
        "--quiet",
    ]  # fmt: skip


def connection_variables(url: str) -> dict[str, str]:
    """The warehouse address as the variables that dbt's profile reads."""
    parts = urlsplit(url)
    return {
        "CONCORD_DBT_HOST": parts.hostname or "localhost",
        "CONCORD_DBT_PORT": str(parts.port or 5432),
        "CONCORD_DBT_USER": unquote(parts.username or ""),
        "CONCORD_DBT_PASSWORD": unquote(parts.password or ""),
        "CONCORD_DBT_DBNAME": parts.path.lstrip("/"),
    }


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
