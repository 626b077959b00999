"""Carries out an approved plan and no other, and closes it.

It may be killed anywhere and run again. What was sent without a known outcome is read back first; what was not
sent is sent then. A lease with a fence keeps a second worker, or one whose lease ran out, from recording anything.
"""

import logging
from dataclasses import dataclass

from concord.contract import Resource, Session, System, Writer
from concord.errors import ConfigurationError, TransientError
from concord.failpoints import failpoint
from concord.stages.write_back.send import send_changes
from concord.stages.write_back.settle import PlanExecution, settle_changes
from concord.store.engine import PLANNER, Database
from concord.store.leases import hold_lease
from concord.store.ledger.account_fields import find_account
from concord.store.ledger.changes import (
    Selection,
    count_begun,
    hold_lacking,
    hold_planned,
    list_waiting_actions,
    reference_pattern,
    resolve_references,
)
from concord.store.ledger.plans import close_plan, has_newer_plan, list_open_before, load_plan

ROUNDS = 5
LONGEST_CHAIN = 8  # rounds in which creates of several steps are finished

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """What became of a plan's changes; the first number is the sum of the others."""

    plan_id: str
    planned: int
    confirmed: int
    rejected: int
    conflicted: int
    unknown: int
    held: int


def apply_plan(database: Database, session: Session, *, system: System, plan_id: str, holder: str) -> PlanOutcome:
    """Send what of the plan was not sent, settle what was, and close it; a closed plan is left as it is.

    Of a plan after which another was made for the system, only what was begun is finished.

    `holder` names the worker in the lease. Raises `ConfigurationError` for a plan that nobody approved,
    `TransientError` while another worker holds the lease, and the session's errors when the system stays down; the
    plan can be resumed then. A record that was begun and could not be finished is a `TransientError` too: its plan
    stays open, and the next call for the system, of whichever plan, goes on with it.
    """
    if (outcome := _find_outcome(database, plan_id)) is not None:
        return outcome
    with hold_lease(database, f"apply:{system.name}", holder) as lease:
        failpoint("apply.after_lease")
        execution = PlanExecution(database, session, system, plan_id, lease)
        for earlier in _list_open(execution):
            _close_unfinished(PlanExecution(database, session, system, earlier, lease))
        if _find_outcome(database, plan_id) is None:
            (_finish_begun if _is_outdated(execution) else _carry_out)(execution)
            _close(execution)
    return _read_outcome(database, plan_id)


def _find_outcome(database: Database, plan_id: str) -> PlanOutcome | None:
    """The outcome of a closed plan, None for one to carry out."""
    with database.transaction(PLANNER) as connection:
        state = load_plan(connection, plan_id).state
    if state == "approved":
        return None
    if state != "applied":
        raise ConfigurationError(
            f"Plan {plan_id} is {state}, and only an approved plan is applied; approve it first.", plan=plan_id
        )
    return _read_outcome(database, plan_id)


def _read_outcome(database: Database, plan_id: str) -> PlanOutcome:
    with database.transaction(PLANNER) as connection:
        plan = load_plan(connection, plan_id)
    counts = (plan.planned, plan.confirmed, plan.rejected, plan.conflicted, plan.unknown, plan.held)
    return PlanOutcome(plan_id, *counts)


def _list_open(execution: PlanExecution) -> list[str]:
    """Earlier plans that were approved and not closed; this plan was made in view of what they did."""
    with execution.database.transaction(PLANNER) as connection:
        return list_open_before(connection, execution.system, execution.plan_id)


def _is_outdated(execution: PlanExecution) -> bool:
    with execution.database.transaction(PLANNER) as connection:
        return has_newer_plan(connection, execution.plan_id)


def _close_unfinished(execution: PlanExecution) -> None:
    """Close an earlier plan; one that cannot be settled now stays open."""
    try:
        _finish_begun(execution)
        _close(execution)
    except TransientError as error:
        _logger.warning("%s system=%s plan=%s", error.message, execution.system.name, execution.plan_id)


def _finish_begun(execution: PlanExecution) -> None:
    """Finish what the plan began, and send nothing else of it: a newer plan contains what is still needed."""
    settle_changes(execution, "sent")
    settle_changes(execution, "unknown")
    _hold_unsent(execution)
    if _count_begun(execution):
        _send_rounds(execution)


def _carry_out(execution: PlanExecution) -> None:
    settle_changes(execution, "sent")
    settle_changes(execution, "unknown")
    failpoint("apply.after_settle")
    _send_rounds(execution)


def _send_rounds(execution: PlanExecution) -> None:
    """Send and read back in turns until nothing is unknown; longer where records are begun and have steps left."""
    for number in range(1, LONGEST_CHAIN + 1):
        for resource in execution.system.resources:
            if resource.writes is not None:
                _write_resource(execution, resource, resource.writes.writer)
                failpoint("apply.after_resource")
        is_settled = not _settle_unknown(execution)
        if is_settled or (number >= ROUNDS and not _count_begun(execution)):
            return


def _count_begun(execution: PlanExecution) -> int:
    with execution.database.transaction(PLANNER) as connection:
        return count_begun(connection, execution.plan_id, execution.system)


def _settle_unknown(execution: PlanExecution) -> int:
    try:
        return settle_changes(execution, "unknown")
    except TransientError as error:
        _logger.warning(
            "Unknown outcomes could not be read back and stay unknown. system=%s plan=%s reason=%s",
            execution.system.name,
            execution.plan_id,
            error.message,
        )
        return 0


def _write_resource(execution: PlanExecution, declared: Resource, writer: Writer) -> None:
    with execution.database.transaction(PLANNER) as connection:
        account = find_account(connection, execution.system, declared)
        resource = account.resource
        for name in sorted(account.lacking):
            hold_lacking(connection, execution.plan_id, resource, name)
        resolve_references(connection, execution.plan_id, execution.system, resource)
        actions = list_waiting_actions(connection, execution.plan_id, resource)
    failpoint("apply.after_references")
    for action in actions:
        selection = Selection(execution.plan_id, resource, "planned", (action,))
        while send_changes(execution, selection, writer):
            pass


def _close(execution: PlanExecution) -> None:
    """Hold whatever was not sent, with the reason, and close the plan, unless a record is left half made."""
    failpoint("apply.before_close")
    if begun := _count_begun(execution):
        raise TransientError(
            f"{begun} new records of plan {execution.plan_id} are, or may be, at {execution.system.title} and "
            "not finished, because its responses were lost; run the task again, which finishes them.",
            plan=execution.plan_id,
        )
    _hold_unsent(execution)
    with execution.database.transaction(PLANNER) as connection:
        execution.lease.keep(connection)
        close_plan(connection, execution.plan_id, "applied")
    failpoint("apply.after_close")


def _hold_unsent(execution: PlanExecution) -> None:
    with execution.database.transaction(PLANNER) as connection:
        execution.lease.keep(connection)
        dangling = "Not sent: it refers to a record whose creation was not confirmed."
        hold_planned(connection, execution.plan_id, dangling, pattern=reference_pattern(execution.system))
        left = "Not sent: the run ended before it; the next plan contains it if it is still needed."
        hold_planned(connection, execution.plan_id, left)
