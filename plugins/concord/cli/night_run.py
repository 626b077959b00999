"""Runs a night through Airflow's API and follows its runs: ingests, reconcile, write-backs and the report."""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from concord import registry
from concord.cli.context import find_running
from concord.cli.dag_runs import POLL_SECONDS, RunWatch, say_task
from concord.cli.night_stages import NightSystems, NightWindow, find_due_run
from concord.cli.plan_questions import Decide, PlanQuestions, choose_decision
from concord.cli.progress import Board
from concord.dag_ids import RECONCILE, ingest_dag
from concord.errors import BatchError, ConfigurationError
from concord.local.airflow_connections import find_connections
from concord.settings import read_airflow_address

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi
    from concord.local.airflow_records import DagRun, TaskInstance
    from concord.store.engine import Database

PARSE_SECONDS = 90.0
# How long after the end of a run its assets may still start the next one; the scheduler looks four times a second.
QUIET_SECONDS = 12.0
NIGHT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class NightResult:
    """The runs of one night and the tasks that failed."""

    runs: Sequence["DagRun"] = ()
    failures: Sequence["TaskInstance"] = ()

    @property
    def is_right(self) -> bool:
        """Whether reconcile ran and nothing failed."""
        has_reconciled = any(run.dag_id == RECONCILE and run.state == "success" for run in self.runs)
        return has_reconciled and not self.failures and all(run.state == "success" for run in self.runs)

    @property
    def reconcile_run(self) -> str | None:
        """The first reconcile of the night, under whose id the report is kept; None when there was none."""
        return next((run.run_id for run in self.runs if run.dag_id == RECONCILE), None)


def run_night(
    api: "AirflowApi", board: Board, *, systems: NightSystems, window: NightWindow, decide: Decide
) -> NightResult:
    """Trigger the ingests of this window and follow all runs that come of them.

    Raises ConfigurationError when Airflow does not load a Dag, BatchError when the night takes more than an hour.
    """
    wait_for_dags(api, systems.dag_titles())
    night = NightRun(api, board, systems, window)
    night.ingest(systems.read - systems.last, window)
    night.unpause_dags()
    return night.follow(PlanQuestions(api, decide))


def wait_for_dags(api: "AirflowApi", dag_ids: Collection[str]) -> None:
    """Wait until Airflow has read these Dags; ConfigurationError when it cannot load one, or takes too long."""
    deadline = time.monotonic() + PARSE_SECONDS
    while missing := set(dag_ids) - set(api.dag_ids()):
        for name, trace in api.import_errors().items():
            raise ConfigurationError(f"Airflow cannot load {name}: {trace.strip().splitlines()[-1]}")
        if time.monotonic() > deadline:
            raise ConfigurationError(
                f"Airflow does not know {', '.join(sorted(missing))}; look at its Dag folder."
            )
        time.sleep(POLL_SECONDS / 2)


class NightRun:
    """Starts the runs of one night that do not start by themselves, and follows all of them to the end."""

    def __init__(self, api: "AirflowApi", board: Board, systems: NightSystems, window: NightWindow) -> None:
        self._api = api
        self._board = board
        self._systems = systems
        self._window = window
        self._watch = RunWatch(api, board, systems.dag_titles())
        self._still_to_read = systems.read & systems.last
        self._started_by_hand: set[str] = set()
        self._conf = {"write_back": systems.is_writing}

    def ingest(self, names: Iterable[str], window: NightWindow) -> None:
        """Trigger the ingest of these systems.

        Call it before their Dags are unpaused: the schedule then finds a run for this interval and adds none.
        """
        for name in sorted(names):
            interval = (window.start, window.end)
            self._api.trigger(
                ingest_dag(name), logical_date=window.logical_date, interval=interval, conf=self._conf
            )

    def unpause_dags(self) -> None:
        """Let the Dags of the night run; what a night that only reads must not do, its runs are told."""
        systems = self._systems
        idle = {ingest_dag(name) for name in systems.in_use - (systems.read - systems.last)}
        for dag_id in systems.dag_titles().keys() - idle:
            self._api.set_paused(dag_id, is_paused=False)

    def follow(self, questions: PlanQuestions) -> NightResult:
        """Follow all runs, and decide their questions, until no further run is due."""
        deadline = time.monotonic() + NIGHT_SECONDS
        quiet_since: float | None = None
        while time.monotonic() < deadline:
            runs = self._watch.look()
            if any(run.dag_id in self._systems.write_back_dags and not run.is_finished for run in runs):
                questions.decide_new()
            if not self._watch.is_idle(runs):
                quiet_since = None
            else:
                quiet_since = quiet_since or time.monotonic()
                if not self._has_further_run(runs, quiet_seconds=time.monotonic() - quiet_since):
                    return NightResult(runs, self._watch.failed_tasks(runs))
            time.sleep(POLL_SECONDS)
        raise BatchError("The night did not end within an hour; look at its runs in Airflow.")

    def _has_further_run(self, runs: Sequence["DagRun"], *, quiet_seconds: float) -> bool:
        """Whether a run is still to come; triggers it when it does not start by itself."""
        if self._still_to_read:
            self._ingest_last()
            return True
        due = find_due_run({run.dag_id: run.state for run in runs}, self._systems)
        if due is None:
            return False
        if not due.is_started_by_assets or quiet_seconds > QUIET_SECONDS:
            self._start_by_hand(due.dag_id)
        return True

    def _ingest_last(self) -> None:
        self.ingest(self._still_to_read, self._window.for_last())
        for name in self._still_to_read:
            self._api.set_paused(ingest_dag(name), is_paused=False)
        self._still_to_read = frozenset()

    def _start_by_hand(self, dag_id: str) -> None:
        """Start a Dag, once, as its fixed hour would when a missing system keeps its assets from starting it."""
        if dag_id not in self._started_by_hand:
            self._started_by_hand.add(dag_id)
            why = "Not every system was read" if dag_id == RECONCILE else "Not every plan was written"
            self._board.say(f"{why}; starting {dag_id} for the others, as its fixed hour would.")
            self._api.trigger(dag_id, conf=self._conf if dag_id == RECONCILE else None)


def refuse_unconnected() -> None:
    """Raise ConfigurationError where a system in use has no usable connection in the Airflow that runs here."""
    if read_airflow_address() is not None:
        return  # an Airflow elsewhere keeps its own
    names = [system.connection for system in registry.systems()]
    found = find_connections(find_running(), names).values()
    if wrong := [each.message for each in found if isinstance(each, ConfigurationError)]:
        raise ConfigurationError(
            f"No night can run yet. {' '.join(wrong)} docs/connections.md says what to enter."
        )


def run_night_now(
    api: "AirflowApi", database: "Database", console: Console, *, approve: bool, write_back: bool
) -> None:
    """Run a night on the installation that is up and print its report; BatchError when something failed."""
    from concord.reporting.queries import read_report
    from concord.reporting.terminal import render_terminal

    refuse_unconnected()
    systems = NightSystems.registered(is_writing=write_back)
    with api, Board(console) as board:
        decide = choose_decision(api, board, is_approving=approve)
        night = run_night(api, board, systems=systems, window=NightWindow.until_now(), decide=decide)
    console.print(render_terminal(read_report(database, night.reconcile_run)))
    if not night.is_right:
        failed = ", ".join(dict.fromkeys(f"{task.dag_id} {say_task(task)}" for task in night.failures))
        raise BatchError(f"The night failed: {failed or 'a run failed'}; see {api.url}.")
