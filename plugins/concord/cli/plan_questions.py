"""The questions of Airflow that wait for a person's decision about a plan, and two ways to decide them."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from concord.cli.progress import Board
from concord.installed import COMMAND

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi
    from concord.local.airflow_records import RequiredAction

# The sentence by which a question names its plan, in concord.stages.write_back.plan_page.
NAMED_PLAN = re.compile(r"^Plan `([^`]+)` is", re.MULTILINE)

Decide = Callable[["RequiredAction"], None]


class PlanQuestions:
    """The open questions of an Airflow; `decide` is called once for each."""

    def __init__(self, api: "AirflowApi", decide: Decide) -> None:
        self._api = api
        self._decide = decide
        self._decided: set[tuple[str, str, str]] = set()

    def decide_new(self, **of_run: str) -> None:
        """Decide the questions that were not decided yet: of one run (`dag_id` and `run_id`), or of all."""
        for action in self._api.required_actions(**of_run):
            question = (action.dag_id, action.run_id, action.task_id)
            if question not in self._decided:
                self._decided.add(question)
                self._decide(action)


def choose_decision(api: "AirflowApi", board: Board, *, is_approving: bool) -> Decide:
    """Approve each plan at once, or leave it to a person."""
    return (approve_at_once if is_approving else leave_to_person)(api, board)


def approve_at_once(api: "AirflowApi", board: Board) -> Decide:
    """Approve each plan as a person would, and print that."""

    def decide(action: "RequiredAction") -> None:
        board.say(f"Approving as {api.user}, as a person would in Airflow: {action.subject}")
        api.answer(action)

    return decide


def leave_to_person(api: "AirflowApi", board: Board) -> Decide:
    """Print where a person decides the plan."""

    def decide(action: "RequiredAction") -> None:
        board.say(f"For you to decide: {action.subject}")
        if plan_id := read_plan_id(action.body):
            board.say(f"  {COMMAND} plan show {plan_id[:12]}, then {COMMAND} approve or decline {plan_id[:12]},")
        board.say(f"  {'or in ' if plan_id else ''}{api.url}/required_actions")

    return decide


def read_plan_id(body: str) -> str | None:
    """The plan that a question is about, not one that it only mentions; None when it is about no plan."""
    found = NAMED_PLAN.search(body)
    return found.group(1) if found else None
