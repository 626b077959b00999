"""Follows Dag runs through Airflow's API: where a run stands, in words, and how it ended."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from concord.cli.plan_questions import Decide, PlanQuestions
from concord.cli.progress import Board, Step
from concord.errors import BatchError
from concord.wording import say_things

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi
    from concord.local.airflow_records import DagRun, TaskInstance

POLL_SECONDS = 1.0
RUN_SECONDS = 3600.0
RETRYING = "up_for_retry"
MOVING = frozenset({"running", "queued", "scheduled", "awaiting_input", "restarting"})
BAD_STATES = frozenset({"failed", "upstream_failed"})
# The line by which a task logs the message of one of Concord's errors.
ERROR_LINE = re.compile(r"^[A-Z]\w*Error: (.+)$", re.MULTILINE)
RETRY_NOTE = "Airflow tries again by itself within minutes; Ctrl-C ends only this wait."


class RunWatch:
    """Watches the runs of some Dags that began after the watch was made, and shows each run as a step."""

    def __init__(self, api: "AirflowApi", board: Board, titles: Mapping[str, str]) -> None:
        """`titles` has the Dags to watch, and what each does, by Dag id."""
        self._api = api
        self._board = board
        self._titles = titles
        self._earlier = {_name(run) for run in api.runs()}
        self._steps: dict[tuple[str, str], Step] = {}
        self._stalled: set[tuple[str, str]] = set()

    def look(self) -> list["DagRun"]:
        """The runs as they are now, in the order in which they started; updates their steps."""
        runs = [run for run in self._api.runs() if _name(run) not in self._earlier and run.dag_id in self._titles]
        runs.sort(key=lambda run: (run.started_at or datetime.max.replace(tzinfo=UTC), run.dag_id))
        for run in runs:
            self._show(run)
        return runs

    def is_idle(self, runs: Iterable["DagRun"]) -> bool:
        """Whether each run is finished, or waits for nothing but the time of a retry."""
        return all(run.is_finished or _name(run) in self._stalled for run in runs)

    def failed_tasks(self, runs: Iterable["DagRun"]) -> list["TaskInstance"]:
        """The tasks of these runs that failed."""
        tasks = [task for run in runs for task in self._api.task_instances(run.dag_id, run.run_id)]
        return [task for task in tasks if task.state in BAD_STATES]

    def _show(self, run: "DagRun") -> None:
        name = _name(run)
        if name not in self._steps:
            self._steps[name] = self._board.begin(self._titles[run.dag_id])
        step = self._steps[name]
        if step.is_finished:
            return
        tasks = self._api.task_instances(run.dag_id, run.run_id)
        (self._stalled.add if is_stalled(tasks) else self._stalled.discard)(name)
        step.say(say_tasks(run, tasks))
        if run.is_finished:
            self._board.end(step, is_failed=run.state != "success")


def _name(run: "DagRun") -> tuple[str, str]:
    return run.dag_id, run.run_id


def start_and_follow(
    api: "AirflowApi", board: Board, dag_id: str, *, title: str, decide: Decide | None = None, **conf: object
) -> None:
    """Trigger a Dag by hand with this configuration, and follow its run as `follow_run` does."""
    api.set_paused(dag_id, is_paused=False)
    run_id = api.trigger(dag_id, conf=conf)
    follow_run(api, board, run=api.run(dag_id, run_id), title=title, decide=decide)


def follow_run(
    api: "AirflowApi", board: Board, *, run: "DagRun", title: str, decide: Decide | None = None
) -> None:
    """Wait for the end of a run, deciding its questions with `decide`.

    Raises BatchError when the run fails, with the task and its error, or takes more than an hour.
    """
    deadline = time.monotonic() + RUN_SECONDS
    questions = PlanQuestions(api, decide) if decide else None
    has_told_retry = False
    with board.step(title) as step:
        while True:
            tasks = api.task_instances(run.dag_id, run.run_id)
            step.say(say_tasks(run, tasks))
            if run.is_finished:
                break
            if time.monotonic() > deadline:
                raise BatchError(f"{run.dag_id} did not end within an hour; look at it in {api.url}.")
            if questions:
                questions.decide_new(dag_id=run.dag_id, run_id=run.run_id)
            if is_stalled(tasks) and not has_told_retry:
                has_told_retry = True
                board.say(f"{say_tasks(run, tasks)}: {read_error(api, tasks, RETRYING)}\n  {RETRY_NOTE}")
            time.sleep(POLL_SECONDS)
            run = api.run(run.dag_id, run.run_id)
        if run.state != "success":
            raise _failure(api, run, tasks)


def _failure(api: "AirflowApi", run: "DagRun", tasks: Sequence["TaskInstance"]) -> BatchError:
    failed = ", ".join(say_task(task) for task in tasks if task.state in BAD_STATES) or "its start"
    error = read_error(api, tasks, *BAD_STATES)
    return BatchError(f"{run.dag_id} failed at {failed}: {error} The log is in {api.url}.")


def read_error(api: "AirflowApi", tasks: Iterable["TaskInstance"], *states: str) -> str:
    """The message of the error that the first task in one of these states logged."""
    for task in tasks:
        if task.state in states and task.try_number:
            messages = ERROR_LINE.findall(api.task_log(task))
            if messages:
                return str(messages[-1])
    return "its log has no message of an error."


def is_stalled(tasks: Sequence["TaskInstance"]) -> bool:
    """Whether a run only waits for the time of a retry, which may take minutes."""
    states = {task.state for task in tasks}
    return RETRYING in states and not states & MOVING


def say_task(task: "TaskInstance") -> str:
    """A task with the resource it is about."""
    name = task.task_id.rsplit(".", 1)[-1].replace("_", " ")
    # Until a mapped task has run, Airflow knows only its number.
    return f"{name} {task.label}" if task.label and not task.label.isdigit() else name


def say_tasks(run: "DagRun", tasks: Sequence["TaskInstance"]) -> str:
    """Where a run stands, in a few words."""
    failed = [task for task in tasks if task.state in BAD_STATES]
    if run.is_finished:
        return f"{say_task(failed[0])} failed" if failed else say_things(len(tasks), "task")
    if any(task.state == "awaiting_input" for task in tasks):
        return "waits for approval"
    if is_stalled(tasks):
        return f"{next(say_task(task) for task in tasks if task.state == RETRYING)} waits to try again"
    names = dict.fromkeys(task.task_id.replace("_", " ") for task in tasks if task.state == "running")
    done = sum(task.state in {"success", "skipped"} for task in tasks)
    return f"{', '.join(names)}, {done} of {len(tasks)} done" if names else run.state
