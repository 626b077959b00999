"""Runs a night through Airflow's API and follows it: ingests, reconcile, write-backs, and the plans in between."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from concord import registry
from concord.cli.follow import (
    BAD_STATES,
    POLL_SECONDS,
    Decide,
    approve_at_once,
    is_stalled,
    leave_to_person,
    say_task,
    say_tasks,
)
from concord.cli.progress import Board, Step
from concord.errors import BatchError, ConfigurationError

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi, DagRun, TaskInstance
    from concord.store.engine import Database

PARSE_SECONDS = 90.0
# How long after the last run ended a further one may still begin; the scheduler looks every quarter of a second.
QUIET_SECONDS = 12.0
NIGHT_SECONDS = 3600.0
READ_LATER = timedelta(minutes=30)
RECONCILE = "reconcile"
REPORT = "report"
INGEST = "ingest_"
WRITE_BACK = "write_back_"
TITLES: Mapping[str, str] = {
    INGEST: "Read and check",
    RECONCILE: "Reconcile",
    WRITE_BACK: "Write back to",
    REPORT: "Report",
}


@dataclass(slots=True)
class Night:
    """What became of one night: the runs that belong to it and the tasks that failed."""

    runs: list["DagRun"] = field(default_factory=list)
    failures: list["TaskInstance"] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether there was a reconcile and nothing failed."""
        has_reconciled = any(run.dag_id == RECONCILE and run.state == "success" for run in self.runs)
        return has_reconciled and not self.failures and all(run.state == "success" for run in self.runs)

    @property
    def reconcile_run(self) -> str | None:
        """The first reconcile of the night, under whose name the report is kept."""
        found = [run.run_id for run in self.runs if run.dag_id == RECONCILE]
        return found[0] if found else None


class Conductor:
    """Starts a night and follows it until nothing of it runs any more."""

    def __init__(
        self,
        api: "AirflowApi",
        board: Board,
        *,
        systems: Sequence[str],
        decide: Decide,
        is_writing: bool = True,
    ) -> None:
        self.api = api
        self.board = board
        self.systems = systems
        self.all_systems = {system.name for system in registry.systems()}
        self.written = {system.name for system in registry.written_systems()}
        self.is_writing = is_writing
        self._decide = decide
        self._asked: set[tuple[str, str, str]] = set()
        self._steps: dict[tuple[str, str], Step] = {}
        self._known: set[tuple[str, str]] = set()
        self._helped: set[str] = set()
        self._last = [system.name for system in registry.systems() if system.is_read_last]
        self._begin_last: Callable[[], None] | None = None
        self._stalled: set[tuple[str, str]] = set()

    def wait_for_dags(self) -> list[str]:
        """Wait until Airflow has read all Dags of a night; a Dag that does not load ends the wait."""
        wanted = {RECONCILE, REPORT}
        wanted |= {f"{INGEST}{system}" for system in self.all_systems}
        wanted |= {f"{WRITE_BACK}{system}" for system in self.written}
        deadline = time.monotonic() + PARSE_SECONDS
        while missing := wanted - set(self.api.dag_ids()):
            for name, trace in self.api.import_errors().items():
                raise ConfigurationError(f"Airflow cannot load {name}: {trace.strip().splitlines()[-1]}")
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"Airflow does not know {', '.join(sorted(missing))}; look at its Dag folder."
                )
            time.sleep(POLL_SECONDS / 2)
        return sorted(wanted)

    def run(self, *, interval: tuple[datetime, datetime], logical_date: datetime) -> Night:
        """Trigger the ingests for one interval and follow everything that comes of them."""
        dags = self.wait_for_dags()
        self._known = {(run.dag_id, run.run_id) for run in self.api.runs()}
        last = [system for system in self.systems if system in self._last]
        for system in set(self.systems) - set(last):
            self._ingest(system, logical_date, interval)
        if last:
            self._begin_last = partial(self._ingest_last, last, logical_date, interval)
        idle = {f"{INGEST}{system}" for system in {*self.all_systems, *last} - (set(self.systems) - set(last))}
        targets = {dag for dag in dags if dag.startswith(WRITE_BACK)}
        for dag in set(dags) - idle:
            # A paused Dag is not started by the asset it waits for: nothing is planned, nothing is written.
            self.api.set_paused(dag, is_paused=dag in targets and not self.is_writing)
        try:
            return self._follow()
        finally:
            for dag in targets:
                self.api.set_paused(dag, is_paused=False)

    def _ingest(self, system: str, logical_date: datetime, interval: tuple[datetime, datetime]) -> None:
        """Before the Dag may run: its schedule then finds this interval taken and adds no run of its own."""
        self.api.trigger(f"{INGEST}{system}", logical_date=logical_date, interval=interval)

    def _ingest_last(
        self, systems: Iterable[str], logical_date: datetime, interval: tuple[datetime, datetime]
    ) -> None:
        """Those that are asked for what the others named."""
        later = logical_date + READ_LATER
        moment = later if later < datetime.now(UTC) else logical_date  # a run of the future would wait for it
        for system in systems:
            self._ingest(system, moment, (interval[0] + READ_LATER, interval[1]))
            self.api.set_paused(f"{INGEST}{system}", is_paused=False)

    def _follow(self) -> Night:
        deadline = time.monotonic() + NIGHT_SECONDS
        quiet_since: float | None = None
        while time.monotonic() < deadline:
            runs = self._new_runs()
            self._show(runs)
            self._ask(runs)
            if all(run.is_finished or (run.dag_id, run.run_id) in self._stalled for run in runs):
                quiet_since = quiet_since or time.monotonic()
                if self._is_over(runs, quiet=time.monotonic() - quiet_since):
                    return Night(runs=runs, failures=self._failures(runs))
            else:
                quiet_since = None
            time.sleep(POLL_SECONDS)
        raise BatchError("The night did not end within an hour; look at its runs in Airflow.")

    def _new_runs(self) -> list["DagRun"]:
        names = (INGEST, RECONCILE, WRITE_BACK, REPORT)
        runs = [run for run in self.api.runs() if (run.dag_id, run.run_id) not in self._known]
        return sorted(
            (run for run in runs if run.dag_id.startswith(names)),
            key=lambda run: (run.started_at or datetime.max.replace(tzinfo=UTC), run.dag_id),
        )

    def _is_over(self, runs: Sequence["DagRun"], *, quiet: float) -> bool:
        """Whether nothing follows; starts by hand what an absent system keeps from starting by itself."""
        if self._begin_last is not None:
            self._begin_last()
            self._begin_last = None
            return False
        follows = what_follows(
            {run.dag_id: run.state for run in runs},
            systems=self.systems,
            all_systems=self.all_systems,
            written=self.written if self.is_writing else (),
        )
        if follows is None:
            return True
        dag_id, comes_by_itself = follows
        self._help(dag_id, is_needed=not comes_by_itself or quiet > QUIET_SECONDS)
        return False

    def _help(self, dag_id: str, *, is_needed: bool) -> None:
        """Start a Dag as its fixed hour would, when a system that is absent keeps the others waiting."""
        if is_needed and dag_id not in self._helped:
            self._helped.add(dag_id)
            why = "Not every system was read" if dag_id == RECONCILE else "Not every plan was written"
            self.board.say(f"{why}; starting {dag_id} for the others, as its fixed hour would.")
            self.api.trigger(dag_id)

    def _show(self, runs: Iterable["DagRun"]) -> None:
        for run in runs:
            name = (run.dag_id, run.run_id)
            step = self._steps.get(name)
            if step is None:
                step = self._steps[name] = self.board.begin(say_dag(run.dag_id))
            if step.is_finished:
                continue
            tasks = self.api.task_instances(run.dag_id, run.run_id)
            (self._stalled.add if is_stalled(tasks) else self._stalled.discard)(name)
            step.say(say_tasks(run, tasks))
            if run.is_finished:
                self.board.end(step, is_failed=run.state != "success")

    def _ask(self, runs: Iterable["DagRun"]) -> None:
        if not any(run.dag_id.startswith(WRITE_BACK) and not run.is_finished for run in runs):
            return
        for action in self.api.required_actions():
            name = (action.dag_id, action.run_id, action.task_id)
            if name not in self._asked:
                self._asked.add(name)
                self._decide(action)

    def _failures(self, runs: Iterable["DagRun"]) -> list["TaskInstance"]:
        tasks = [task for run in runs for task in self.api.task_instances(run.dag_id, run.run_id)]
        return [task for task in tasks if task.state in BAD_STATES]


def what_follows(
    states: Mapping[str, str], *, systems: Iterable[str], all_systems: Collection[str], written: Collection[str]
) -> tuple[str, bool] | None:
    """The Dag that has yet to begin, and whether assets start it; None when the night is over.

    `states` are those of the runs that ended; `systems` take part tonight, of `all_systems` in use; `written`
    are those that may be written to, none in a night that only reads.
    """
    read = {system for system in systems if states.get(f"{INGEST}{system}") == "success"}
    if not read or states.get(RECONCILE, "success") != "success":
        return None
    if RECONCILE not in states:
        return RECONCILE, read == set(all_systems)
    if REPORT in states or not written:
        return None
    targets = {system: states.get(f"{WRITE_BACK}{system}") for system in written}
    is_awaited = any(targets[system] is None for system in read & set(written))
    return REPORT, is_awaited or all(state == "success" for state in targets.values())


def say_dag(dag_id: str) -> str:
    """A Dag as a step: Read and check shopify."""
    for prefix, title in TITLES.items():
        if dag_id.startswith(prefix):
            return f"{title} {dag_id.removeprefix(prefix)}".strip()
    return dag_id


def tonight() -> tuple[datetime, tuple[datetime, datetime]]:
    """The logical date of the interval that ended last midnight, and that interval up to this moment."""
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=1), (midnight - timedelta(days=1), now)


def run_night_now(
    api: "AirflowApi", database: "Database", console: Console, *, approve: bool, write_back: bool
) -> None:
    """A night on the installation that is up; raises when it was not right."""
    from concord.stages.report import build_report, render_terminal

    with api, Board(console) as board:
        decide = (approve_at_once if approve else leave_to_person)(api, board)
        systems = [system.name for system in registry.systems()]
        conductor = Conductor(api, board, systems=systems, decide=decide, is_writing=write_back)
        now = datetime.now(UTC)
        night = conductor.run(interval=(now - timedelta(days=1), now), logical_date=now)
    console.print(render_terminal(build_report(database, night.reconcile_run)))
    if not night.is_right:
        failed = ", ".join(f"{task.dag_id} {say_task(task)}" for task in night.failures)
        raise BatchError(f"The night was not right: {failed or 'a run failed'}; see {api.url}.")
