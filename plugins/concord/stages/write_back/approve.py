"""Approves or declines a plan, in the name of a person or of the policy; only an approved plan is ever applied."""

import logging

from concord.contract import System
from concord.errors import ConfigurationError
from concord.failpoints import failpoint
from concord.store.engine import PLANNER, Connection, Database
from concord.store.ledger.changes import hold_planned
from concord.store.ledger.plans import REPLACED, approve_plan, decline_plan, load_plan, lock_undecided
from concord.system_uses import is_applied

POLICY = "policy"
ONLY_SHOWN = 'write_back = "plan" in concord.toml'
log = logging.getLogger(__name__)


def approve(database: Database, plan_id: str, by: str) -> None:
    """Let the plan be applied; a plan that was approved or applied is left as it is.

    `by` is the person's name, or `POLICY`. Raises `ConfigurationError` when there is no such plan, when it was
    declined, and when the policy approves a plan for which it asked for a person.
    """
    with database.transaction(PLANNER) as connection:
        plan = load_plan(connection, plan_id)
        if plan.state in ("approved", "applied"):
            return
        if plan.state != "planned":
            raise ConfigurationError(f"Plan {plan_id} is {plan.state}; run the write-back again for a new plan.")
        if plan.needs_approval and by == POLICY:
            raise ConfigurationError(f"Plan {plan_id} waits for a person: {plan.approval_reason}")
        approve_plan(connection, plan_id, by)
    failpoint("approve.after_commit")


def decline(database: Database, plan_id: str, by: str) -> None:
    """Close the plan; none of its changes is sent, and all of them are held. A declined plan is left as it is.

    Raises `ConfigurationError` when there is no such plan, or when it was approved.
    """
    with database.transaction(PLANNER) as connection:
        plan = load_plan(connection, plan_id)
        if plan.state == "declined":
            return
        if plan.state != "planned":
            raise ConfigurationError(f"Plan {plan_id} is {plan.state} already; undo it if it must be taken back.")
        _decline(connection, plan_id, by)


def decline_unapplied(database: Database, system: System, plan_id: str) -> bool:
    """Decline the plan where the project says that plans for the system are only made and shown; True if it does.

    Each night plans anew, so the first plan after the project says otherwise holds all that is still to write.
    """
    if is_applied(system.name):
        return False
    decline(database, plan_id, ONLY_SHOWN)
    log.info("plan %s for %s is shown and not applied: %s", plan_id, system.name, ONLY_SHOWN)
    return True


def decline_older(connection: Connection, system: System, plan_id: str) -> None:
    """Decline the undecided plans of earlier runs: the new plan contains their changes that are still needed."""
    for older in lock_undecided(connection, system, plan_id):
        _decline(connection, older, REPLACED)


def _decline(connection: Connection, plan_id: str, by: str) -> None:
    hold_planned(connection, plan_id, f"Not sent: the plan was declined by {by}.")
    decline_plan(connection, plan_id, by)
