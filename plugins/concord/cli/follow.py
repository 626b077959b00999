"""Follows one run of a Dag to its end, and the parts that every follower shares."""

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from concord.cli.progress import Board
from concord.errors import BatchError
from concord.reporting.words import say_things

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi, DagRun, RequiredAction, TaskInstance

POLL_SECONDS = 1.0
RUN_SECONDS = 3600.0
RETRYING = "up_for_retry"
MOVING = frozenset({"running", "queued", "scheduled", "awaiting_input", "restarting"})
# How a task leaves the sentence of an error of ours in its log.
SENTENCE = re.compile(r"^[A-Z]\w*Error: (.+)$", re.MULTILINE)
# The sentence by which a question names its plan, in concord.stages.plan_page.
ASKED_ABOUT = re.compile(r"^Plan `([^`]+)` is", re.MULTILINE)
WAITS = "Airflow tries again by itself within minutes; Ctrl-C ends only this wait."
BAD_STATES = frozenset({"failed", "upstream_failed"})

Decide = Callable[["RequiredAction"], None]


def say_task(task: "TaskInstance") -> str:
    """A task with the resource it is about."""
    name = task.task_id.rsplit(".", 1)[-1].replace("_", " ")
    # Until a mapped task has run, Airflow knows only its number.
    return f"{name} {task.label}" if task.label and not task.label.isdigit() else name


def say_tasks(run: "DagRun", tasks: list["TaskInstance"]) -> str:
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


def is_stalled(tasks: list["TaskInstance"]) -> bool:
    """Whether nothing of a run moves but the clock of a retry, which may take minutes."""
    states = {task.state for task in tasks}
    return RETRYING in states and not states & MOVING


def approve_at_once(api: "AirflowApi", board: Board) -> Decide:
    """Answer each plan with yes, as a person would, and say so."""

    def decide(action: "RequiredAction") -> None:
        board.say(f"Approving as {api.user}, as a person would in Airflow: {action.subject}")
        api.answer(action)

    return decide


def leave_to_person(api: "AirflowApi", board: Board) -> Decide:
    """Say where a plan is decided, and wait."""

    def decide(action: "RequiredAction") -> None:
        board.say(f"For you to decide: {action.subject}")
        if plan_id := find_plan_id(action.body):
            board.say(f"  ./concord plan show {plan_id[:12]}, then ./concord approve or decline {plan_id[:12]},")
        board.say(f"  {'or in ' if plan_id else ''}{api.url}/required_actions")

    return decide


def follow_run(
    api: "AirflowApi", board: Board, *, run: "DagRun", title: str, decide: Decide | None = None
) -> None:
    """Wait for one run, letting `decide` answer what it asks; a failed task ends with its name."""
    deadline = time.monotonic() + RUN_SECONDS
    told: set[str] = set()
    with board.step(title) as step:
        while True:
            tasks = api.task_instances(run.dag_id, run.run_id)
            step.say(say_tasks(run, tasks))
            if run.is_finished:
                break
            if time.monotonic() > deadline:
                raise BatchError(f"{run.dag_id} did not end within an hour; look at it in {api.url}.")
            if decide is not None:
                ask_once(api, run, told, decide)
            if is_stalled(tasks) and RETRYING not in told:
                told.add(RETRYING)
                board.say(f"{say_tasks(run, tasks)}: {say_error(api, tasks, RETRYING)}\n  {WAITS}")
            time.sleep(POLL_SECONDS)
            run = api.run(run.dag_id, run.run_id)
        if run.state != "success":
            failed = ", ".join(say_task(task) for task in tasks if task.state in BAD_STATES) or "its start"
            said = say_error(api, tasks, *BAD_STATES)
            raise BatchError(f"{run.dag_id} failed at {failed}: {said} The log is in {api.url}.")


def ask_once(api: "AirflowApi", run: "DagRun", told: set[str], decide: Decide) -> None:
    """Let each question of the run be decided, and remember that it was."""
    for action in api.required_actions(run.dag_id, run.run_id):
        if action.task_id not in told:
            told.add(action.task_id)
            decide(action)


def find_plan_id(body: str) -> str | None:
    """The plan that a question is about; a plan that it only mentions is not meant."""
    found = ASKED_ABOUT.search(body)
    return found.group(1) if found else None


def say_error(api: "AirflowApi", tasks: list["TaskInstance"], *states: str) -> str:
    """The sentence that the first task in one of these states left in its log."""
    for task in tasks:
        if task.state in states and task.try_number:
            said = SENTENCE.findall(api.task_log(task))
            if said:
                return str(said[-1])
    return "it left no sentence."


def start_and_follow(
    api: "AirflowApi", board: Board, dag_id: str, *, title: str, decide: Decide | None = None, **conf: object
) -> None:
    """Trigger a Dag by hand and wait for what comes of it."""
    api.set_paused(dag_id, is_paused=False)
    run_id = api.trigger(dag_id, conf=conf)
    follow_run(api, board, run=api.run(dag_id, run_id), title=title, decide=decide)
