"""Takes back what a plan wrote, by a plan: before-images as the new values, where nobody changed them since."""

from concord.contract import System
from concord.errors import ConfigurationError
from concord.failpoints import failpoint
from concord.retention import VARIABLE
from concord.stages.write_back.plan import PlanSummary, judge_changes, summarise
from concord.store.engine import PLANNER, Connection, Database
from concord.store.ids import derive_id
from concord.store.ledger.plan_contents import count_kept
from concord.store.ledger.planned import insert_inverse
from concord.store.ledger.plans import load_plan, lock_plans, open_plan
from concord.store.ledger.verification import is_unverified


def plan_undo(database: Database, *, system: System, plan_id: str, run_id: str) -> PlanSummary:
    """Keep the inverse of an applied plan as this run's plan; resources come in the opposite order.

    Creates, archives, what was changed since and fields that the account has no more are left as they are, with
    the reason. Raises `ConfigurationError` when the plan is another system's, was not applied, or was not read
    back since.
    """
    undo_id = derive_id("plan", system.name, "undo", run_id, plan_id)
    with database.transaction(PLANNER) as connection:
        lock_plans(connection, system)
        _refuse_unfit(connection, system, plan_id)
        if not open_plan(connection, system, undo_id, run_id=run_id, undoes=plan_id):
            return summarise(load_plan(connection, undo_id))
        for resource in reversed(system.resources):
            if resource.writes is not None:
                insert_inverse(connection, system, resource, plan_id=undo_id, undone=plan_id)
        failpoint("undo.after_changes")
        summary = judge_changes(connection, system, undo_id)
    failpoint("undo.after_commit")
    return summary


def _refuse_unfit(connection: Connection, system: System, plan_id: str) -> None:
    plan = load_plan(connection, plan_id)
    if plan.system != system.name:
        raise ConfigurationError(f"Plan {plan_id} is one of {plan.system}, not of {system.name}.", plan=plan_id)
    if plan.state != "applied":
        raise ConfigurationError(
            f"Plan {plan_id} is {plan.state}; only an applied plan can be undone.", plan=plan_id
        )
    if count_kept(connection, plan_id) < plan.planned:
        raise ConfigurationError(
            f"Changes of plan {plan_id}, made on {plan.created_at:%Y-%m-%d}, are no longer kept, so it cannot be "
            f"undone; {VARIABLE} says for how many nights the journal is kept.",
            plan=plan_id,
        )
    if is_unverified(connection, plan_id):
        raise ConfigurationError(
            f"Plan {plan_id} was not read back since it was applied; run its verify task first.", plan=plan_id
        )
