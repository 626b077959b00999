"""Decides plans and takes them back, through Airflow."""

from typing import TYPE_CHECKING

from rich.console import Console

from concord.cli.dag_runs import start_and_follow
from concord.cli.plan_questions import choose_decision, read_plan_id
from concord.cli.plan_views import WAITING, say_state
from concord.cli.progress import Board
from concord.dag_ids import UNDO
from concord.errors import ConfigurationError
from concord.installed import COMMAND
from concord.store.engine import PLANNER, Database
from concord.store.ledger.plans import Plan, find_undo, load_plan
from concord.wording import say_count, say_things

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi
    from concord.local.airflow_records import RequiredAction


def decide_plan(
    database: Database, api: "AirflowApi", console: Console, *, plan_id: str, is_approved: bool
) -> None:
    """Approve or decline a plan in Airflow; ConfigurationError when it does not wait for approval."""
    from concord.local.airflow_api import APPROVE, REJECT

    with database.transaction(PLANNER) as connection:
        plan = load_plan(connection, plan_id)
    state = say_state(plan)
    if state != WAITING:
        raise ConfigurationError(
            f"Plan {plan_id} for {plan.system} is {state}, so there is nothing to decide; "
            f"{COMMAND} plan show {plan_id[:12]} has its changes."
        )
    with api:
        api.answer(find_question(api, plan_id), APPROVE if is_approved else REJECT)
    changes = f"{say_things(plan.planned, 'change')} for {plan.system}"
    if is_approved:
        console.print(f"Approved as {api.user}: {changes}, written now. See {COMMAND} plan show {plan_id[:12]}")
    else:
        then = "nothing is taken back" if plan.undoes_plan_id else "the next night plans anew"
        console.print(f"Declined as {api.user}: {changes}. Nothing of it is written; {then}.")


def find_question(api: "AirflowApi", plan_id: str) -> "RequiredAction":
    """The open question about this plan; ConfigurationError when Airflow has none."""
    for action in api.required_actions():
        if read_plan_id(action.body) == plan_id:
            return action
    raise ConfigurationError(
        f"Airflow does not ask about plan {plan_id} yet, or not any more; "
        f"look at {COMMAND} plan list and try again in a few seconds."
    )


def undo_plan(
    database: Database, api: "AirflowApi", console: Console, *, plan_id: str, is_approving: bool
) -> Plan | None:
    """Run the Dag that takes a plan back, to its end, and print what came of it; returns the inverse plan."""
    with api, Board(console) as board:
        decide = choose_decision(api, board, is_approving=is_approving)
        start_and_follow(api, board, UNDO, title=f"Undo {plan_id}", decide=decide, plan_id=plan_id)
    with database.transaction(PLANNER) as connection:
        inverse = find_undo(connection, plan_id)
    if inverse is not None:
        console.print(say_undo(inverse), markup=False, soft_wrap=True)
    return inverse


def say_undo(plan: Plan) -> str:
    """What came of an undo; `plan` is the inverse plan."""
    if plan.state == "declined":
        sentence = f"Declined by {plan.approved_by}: nothing was taken back."
    elif not plan.planned:
        sentence = "There is nothing to take back: nothing of it was written, or it was taken back before."
    else:
        sentence = f"{say_count(plan.confirmed)} of {say_things(plan.planned, 'change')} taken back."
        sentence += " Why each of the others was not is in the plan." if plan.confirmed < plan.planned else ""
    return f"{sentence} See {COMMAND} plan show {plan.plan_id[:12]}"
