"""Starts, follows, cancels and resumes backfills, each of which is one run of the Dag `backfill`."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from concord import registry
from concord.cli.backfill_forecast import Past, read_past, show_forecast
from concord.cli.context import find_warehouse, open_airflow
from concord.cli.dag_runs import BAD_STATES, POLL_SECONDS, read_error, say_task
from concord.cli.progress import Board, Step
from concord.contract import System
from concord.dag_ids import BACKFILL, OF_BACKFILL, RECONCILE, write_back_dag
from concord.errors import BatchError, ConfigurationError
from concord.installed import COMMAND
from concord.settings import read_schedule
from concord.stages.extract.split_range import Range, refuse_unknown_resources
from concord.wording import say_things

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi
    from concord.local.airflow_records import DagRun, TaskInstance

DONE = frozenset({"success", "skipped"})
CANCELLED = "cancelled"
DETACHED = f"The backfill goes on without this terminal; follow it again with {COMMAND} backfills follow."


def run_backfill(console: Console, names: Sequence[str], wanted: Range, *, is_dry: bool, write_back: bool) -> None:
    """Start a backfill of these systems and follow it to its end, or show what it would read.

    Raises ConfigurationError for what cannot be read, BatchError when a window or the reconcile fails.
    """
    if is_dry:
        database = find_warehouse()
        systems = choose_systems(names, wanted, datetime.now(UTC))
        show_forecast(console, systems, wanted, read_past(database) if database else Past())
        return
    api = open_airflow()
    systems = choose_systems(names, wanted, datetime.now(UTC))
    with api:
        start_backfill(api, console, wanted=wanted, systems=systems, write_back=write_back)


def choose_systems(names: Sequence[str], wanted: Range, now: datetime) -> list[System]:
    """The systems to read, all of them when none is named; raises ConfigurationError for what cannot be read."""
    wanted.window(now)
    systems = [registry.system(name) for name in names] or list(registry.systems())
    refuse_unknown_resources(systems, wanted.resources)
    in_use = {system.name for system in registry.systems()}
    if unused := sorted({system.name for system in systems} - in_use):
        raise ConfigurationError(f"{', '.join(unused)} is not in use here; CONCORD_SYSTEMS names those that are.")
    return systems


def start_backfill(
    api: "AirflowApi", console: Console, *, wanted: Range, systems: Sequence[System], write_back: bool
) -> None:
    """Start a backfill and follow it to its end; raises BatchError when a window or the reconcile fails."""
    refuse_paused(
        api, [RECONCILE, *([write_back_dag(item.name) for item in _written(systems)] if write_back else [])]
    )
    api.set_paused(BACKFILL, is_paused=False)
    now = datetime.now(UTC)
    if wanted.last == read_schedule().day_of(now):
        console.print(f"{wanted.last} is not over: it is read up to {now:%H:%M} UTC, and tonight reads the rest.")
    conf: Mapping[str, object] = {
        "from": wanted.first.isoformat(),
        "to": wanted.last.isoformat(),
        "systems": [system.name for system in systems],
        "resources": sorted(wanted.resources),
        "step": wanted.step,
        "write_back": write_back,
    }
    run_id = api.trigger(BACKFILL, conf=conf, run_id=f"{wanted.first}_{wanted.last}_{now:%H%M%S}")
    follow_backfill(api, console, api.run(BACKFILL, run_id))


def _written(systems: Iterable[System]) -> list[System]:
    names = {system.name for system in systems}
    return [item for item in registry.written_systems() if item.name in names]


def refuse_paused(api: "AirflowApi", dags: Iterable[str]) -> None:
    """Raise ConfigurationError when one of these Dags is paused; whoever paused it may have had a reason."""
    if paused := sorted(set(dags) & api.paused_dag_ids()):
        raise ConfigurationError(
            f"{', '.join(paused)} is paused in Airflow, so the backfill could not end; unpause it first."
        )


def follow_backfill(api: "AirflowApi", console: Console, run: "DagRun") -> None:
    """Show how far a backfill is until it has ended; Ctrl-C ends only this view."""
    try:
        with Board(console) as board:
            tasks = _follow(api, board, run)
    except KeyboardInterrupt:
        console.print(DETACHED)
        raise
    ended = api.run(BACKFILL, run.run_id)
    if is_cancelled(ended):
        raise BatchError(
            f"Backfill {run.run_id} was cancelled. What it read stays; {COMMAND} backfills resume {run.run_id} "
            "does the rest."
        )
    if ended.state != "success":
        failed = [task for task in tasks if task.state in BAD_STATES]
        named = ", ".join(f"{task.task_id} {say_task(task)}" for task in failed[:3]) or "it was cancelled"
        raise BatchError(
            f"Backfill {run.run_id} did not get through ({len(failed)} failed: {named}): "
            f"{read_error(api, failed, *BAD_STATES)} The other windows are filled. Correct the cause, then "
            f"{COMMAND} backfills resume {run.run_id}."
        )
    console.print(_say_writing(api, run))


def _say_writing(api: "AirflowApi", run: "DagRun") -> str:
    """What the reconcile at the end of a backfill has allowed to be written."""
    ends = [item for item in api.runs(RECONCILE) if item.run_id.startswith(f"{OF_BACKFILL}{run.run_id}__")]
    tasks = api.task_instances(RECONCILE, ends[0].run_id) if ends else []
    allowed = [
        task.task_id.removeprefix("allow_")
        for task in tasks
        if task.task_id.startswith("allow_") and task.state == "success"
    ]
    if allowed:
        why = "" if run.conf.get("write_back") else " of the night that waited for the backfill"
        return f"The write-backs{why} begin now: {', '.join(sorted(allowed))}; follow them in {api.url}."
    if run.conf.get("write_back"):
        return f"Nothing is written; the tasks allow_<system> of reconcile say why, in {api.url}."
    return "Nothing was written to any system. The next night plans the net changes."


def _follow(api: "AirflowApi", board: Board, run: "DagRun") -> list["TaskInstance"]:
    steps: dict[str, Step] = {}
    while True:
        tasks = api.task_instances(BACKFILL, run.run_id)
        for task_id in dict.fromkeys(task.task_id for task in tasks):
            _show(board, steps, [task for task in tasks if task.task_id == task_id])
        run = api.run(BACKFILL, run.run_id)
        if run.is_finished:
            return api.task_instances(BACKFILL, run.run_id)
        time.sleep(POLL_SECONDS)


def _show(board: Board, steps: dict[str, Step], tasks: Sequence["TaskInstance"]) -> None:
    """Show one task, of which there is one instance per window, from the moment when it begins."""
    name = tasks[0].task_id
    if not name.startswith(("fill_", RECONCILE)) or all(task.state in (None, "skipped") for task in tasks):
        return
    if name not in steps:
        steps[name] = board.begin("Reconcile" if name == RECONCILE else f"Read {name.removeprefix('fill_')} again")
    step = steps[name]
    if step.is_finished:
        return
    done = sum(task.state in DONE for task in tasks)
    failed = sum(task.state in BAD_STATES for task in tasks)
    if name != RECONCILE:
        step.say(say_progress(done, len(tasks), step.seconds))
    if done + failed == len(tasks):
        board.end(step, is_failed=bool(failed))


def say_progress(done: int, total: int, seconds: float) -> str:
    """How many windows are read, and how long the rest will take if it goes on at this rate."""
    said = f"{done} of {say_things(total, 'window')}"
    if not 0 < done < total:
        return said
    rest = seconds / done * (total - done)
    return f"{said}, about {rest / 60:.0f} min left" if rest >= 90 else f"{said}, about {rest:.0f} s left"


def find_backfill(api: "AirflowApi", prefix: str | None, *, is_active: bool) -> "DagRun":
    """The backfill whose id begins so; without a prefix the newest one, or the newest that still runs."""
    runs = [run for run in api.runs(BACKFILL) if run.run_id.startswith(prefix or "")]
    if prefix is None and is_active:
        runs = [run for run in runs if not run.is_finished]
    if prefix and len(runs) > 1 and all(run.run_id != prefix for run in runs):
        raise ConfigurationError(f"{len(runs)} backfills begin with {prefix!r}; give more of the id.")
    if not runs:
        which = f"There is no backfill {prefix!r}" if prefix else "No backfill is under way"
        raise ConfigurationError(f"{which}; {COMMAND} backfills list shows those there are.")
    return next((run for run in runs if run.run_id == prefix), runs[0])


def cancel_backfill(api: "AirflowApi", console: Console, run: "DagRun") -> None:
    """End a backfill; the windows that were read stay read."""
    if run.is_finished:
        raise ConfigurationError(f"Backfill {run.run_id} has ended already ({run.state}).")
    api.note_run(BACKFILL, run.run_id, CANCELLED)
    api.end_run(BACKFILL, run.run_id)
    console.print(
        f"Cancelled {run.run_id}. What it read stays; {COMMAND} backfills resume {run.run_id} does the rest."
    )


def is_cancelled(run: "DagRun") -> bool:
    """Whether somebody cancelled the backfill, so that it did not fail by itself."""
    return run.state == "failed" and run.note == CANCELLED


def resume_backfill(api: "AirflowApi", console: Console, run: "DagRun") -> None:
    """Let the tasks of a backfill run that did not succeed, and follow it."""
    if not run.is_finished:
        raise ConfigurationError(f"Backfill {run.run_id} is still under way; {COMMAND} backfills follow shows it.")
    tasks = [task for task in api.task_instances(BACKFILL, run.run_id) if task.state != "success"]
    if run.state == "success" or not tasks:
        raise ConfigurationError(f"Backfill {run.run_id} is complete, so there is nothing to resume.")
    refuse_paused(api, [RECONCILE])
    api.set_paused(BACKFILL, is_paused=False)
    api.note_run(BACKFILL, run.run_id, "")
    api.clear_tasks(tasks)
    follow_backfill(api, console, api.run(BACKFILL, run.run_id))


def list_backfills(api: "AirflowApi", console: Console) -> None:
    """Print the newest backfills, the newest first."""
    runs = api.runs(BACKFILL)[:20]
    if not runs:
        console.print(f"There was no backfill yet; {COMMAND} backfill --help shows how to start one.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in ("id", "state", "systems", "started (UTC)"):
        table.add_column(column, overflow="fold")
    for run in runs:
        started = f"{run.started_at:%Y-%m-%d %H:%M}" if run.started_at else ""
        systems = ", ".join(run.conf.get("systems") or []) or "after Airflow's own backfill"
        table.add_row(run.run_id, CANCELLED if is_cancelled(run) else run.state, systems, started)
    console.print(table)
