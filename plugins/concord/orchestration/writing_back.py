"""The tasks of write_back and undo: plan, approve by policy or by a person, apply, verify."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Asset, Context, TriggerRule, task

from concord import registry
from concord.contract import System
from concord.dag_ids import write_back_dag
from concord.errors import PermanentError
from concord.orchestration.defaults import find_connection, installation
from concord.orchestration.task_errors import log_errors
from concord.stages.sessions import open_session
from concord.stages.write_back.apply import apply_plan
from concord.stages.write_back.approve import POLICY, approve, decline, decline_unapplied
from concord.stages.write_back.plan import PlanSummary, plan_changes
from concord.stages.write_back.plan_page import render_plan
from concord.stages.write_back.undo import plan_undo
from concord.stages.write_back.verify import verify_plan
from concord.store.engine import PLANNER
from concord.store.ledger.plans import load_plan

log = logging.getLogger(__name__)

Planned = Mapping[str, Any]

RESPONSE_TIME = timedelta(hours=20)
NOBODY = "nobody"


@log_errors()
def plan(system_name: str, run_id: str) -> dict[str, Any]:
    """Plan the difference between what the system should hold and what it holds.

    Where the project says that plans are only made and shown, the plan is declined at once.
    """
    _, database = installation()
    system = registry.system(system_name)
    summary = plan_changes(database, system=system, run_id=run_id)
    is_only_shown = bool(summary.planned) and decline_unapplied(database, system, summary.plan_id)
    return {**describe(system, summary), "is_only_shown": is_only_shown}


@log_errors()
def plan_inverse(plan_id: str, run_id: str) -> dict[str, Any]:
    """Plan to put back what a plan changed."""
    _, database = installation()
    with database.transaction(PLANNER) as connection:
        system = registry.system(load_plan(connection, plan_id).system)
    inverse = plan_undo(database, system=system, plan_id=plan_id, run_id=run_id)
    return {**describe(system, inverse), "undoes": plan_id}


def describe(system: System, summary: PlanSummary) -> dict[str, Any]:
    """What the next tasks need of a plan, as they hand it on to each other."""
    return {"system": system.name, **asdict(summary)}


def choose_approval(planned: Planned) -> str | None:
    """The id of the task that approves: by policy, or by asking a person; None where the plan is only shown."""
    if planned.get("is_only_shown"):
        return None
    return "ask_a_person" if planned["needs_approval"] else "approve_by_policy"


@log_errors()
def approve_by_policy(planned: Planned) -> str:
    """Approve a plan that the policy finds small and harmless."""
    approve(installation()[1], planned["plan_id"], POLICY)
    return str(planned["plan_id"])


class PlanApproval(ApprovalOperator):  # type: ignore[misc]  # airflow is not followed by mypy
    """Shows a plan to a person and keeps the answer; no worker is taken while it waits.

    The text of the plan holds vendors' data, so it is put in place here and never passes a template.
    """

    template_fields = ("planned",)

    def __init__(self, *, planned: Any, **options: Any) -> None:  # Airflow's border
        super().__init__(subject="Write-back", response_timeout=RESPONSE_TIME, **options)
        self.planned = planned

    def execute(self, context: Context) -> None:
        """Put the question, and wait for its answer without a worker."""
        with log_errors():
            self.subject, self.body = question(self.planned)
        super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:  # Airflow's border
        """Keep the answer and who gave it; the tasks after a refusal are skipped."""
        with log_errors():
            record_answer(self.planned, event)
        return super().execute_complete(context, event)


def question(planned: Planned) -> tuple[str, str]:
    """The headline and the page, as Markdown, by which a person decides."""
    text = render_plan(installation()[1], planned["plan_id"])
    undone = f" to take back plan {planned['undoes'][:12]}" if "undoes" in planned else ""
    headline = f"{planned['system']}: a plan{undone} waits for your approval (changes: {planned['planned']})"
    return headline, text


def record_answer(planned: Planned, event: Mapping[str, Any]) -> None:
    """Approve or decline the plan in the name of whoever answered; no answer declines it."""
    _, database = installation()
    if event.get("error"):
        decline(database, planned["plan_id"], NOBODY)
        raise PermanentError(
            f"Nobody answered plan {planned['plan_id']} for {planned['system']} within "
            f"{RESPONSE_TIME.total_seconds() / 3600:.0f} hours, so nothing was written; "
            f"trigger {write_back_dag(planned['system'])} to plan anew."
        )
    user = event.get("responded_by_user") or {}
    by = str(user.get("name") or user.get("id") or NOBODY)
    is_approved = event["chosen_options"] == [ApprovalOperator.APPROVE]
    (approve if is_approved else decline)(database, planned["plan_id"], by)
    log.info("plan %s was %s by %s", planned["plan_id"], "approved" if is_approved else "declined", by)


@log_errors()
def apply(planned: Planned, ti: Any = None) -> dict[str, Any]:  # Airflow passes the instance
    """Carry out an approved plan and no other."""
    _, database = installation()
    system = registry.system(planned["system"])
    holder = f"{ti.dag_id}/{ti.run_id}"
    with open_session(
        system,
        find_connection(system.connection),
        database,
        purpose="apply",
        reference=planned["plan_id"],
    ) as session:
        outcome = apply_plan(database, session, system=system, plan_id=planned["plan_id"], holder=holder)
    return asdict(outcome)


@log_errors()
def verify(planned: Planned) -> dict[str, Any]:
    """Read back what was written, so that the warehouse holds what the system holds."""
    settings, database = installation()
    system = registry.system(planned["system"])
    with open_session(
        system,
        find_connection(system.connection),
        database,
        purpose="verify",
        reference=planned["plan_id"],
    ) as session:
        counts = verify_plan(
            database,
            session,
            system=system,
            plan_id=planned["plan_id"],
            suites=settings.expectations,
        )
    return asdict(counts)


def carry_out(planned: Any, *, pool: str, outlets: Sequence[Asset] = ()) -> None:  # an XComArg
    """Wire the tasks that follow a plan: approve, apply, verify; nothing follows a plan that is declined.

    `apply` follows the choice, too, so that it is skipped with all others where the plan is only shown.
    """
    choose = task.branch(task_id="choose_approval")(choose_approval)(planned)
    by_policy = task(task_id="approve_by_policy")(approve_by_policy)(planned)
    by_person = PlanApproval(task_id="ask_a_person", planned=planned)
    applied = task(task_id="apply", pool=pool, trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)(apply)(
        planned
    )
    verified = task(task_id="verify", pool=pool, outlets=list(outlets))(verify)(planned)
    choose >> [by_policy, by_person] >> applied >> verified
    choose >> applied
