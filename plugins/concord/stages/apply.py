"""Carries out an approved plan and no other: every change is journaled before it is sent and after it is answered.

It may be killed anywhere and run again. What was sent without an answer is read back first; what was not sent
is sent then. A lease with a fence keeps a second worker, or one that was given up, from writing anything down.
"""

import logging
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

from concord.contract import Change, End, Outcome, Resource, Session, System, Writer
from concord.errors import (
    ChangeConflictError,
    ConcordError,
    ConfigurationError,
    OutcomeUnknownError,
    PermanentError,
    RecordError,
    RequestError,
    TransientError,
)
from concord.failpoints import failpoint
from concord.stages.settle import Errand, settle_changes
from concord.store.engine import PLANNER, Connection, Database
from concord.store.journal import hold_planned, mark_sent, record_ends, reference_pattern, resolve_references
from concord.store.leases import hold_lease
from concord.store.plans import ACTIONS, StoredChange, Wanted, close_plan, load_changes, load_plan

ROUNDS = 3
FAILURES_IN_A_ROW = 3
ATTEMPTS = 3

_logger = logging.getLogger(__name__)

_WAITING = "select distinct resource, action from ops.changes where plan_id = %s and state = 'planned'"
_STARTED_BEFORE = """
select plan_id from ops.plans
where system = %s and purpose = 'write_back' and state = 'approved' and plan_id <> %s
    and created_at < (select created_at from ops.plans where plan_id = %s)
    and exists (select from ops.changes where changes.plan_id = plans.plan_id and attempts > 0)
order by created_at
"""


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

    Raises `ConfigurationError` for a plan nobody approved, and the session's errors when the system stays down;
    the plan can be resumed then.
    """
    if (outcome := _find_outcome(database, plan_id)) is not None:
        return outcome
    with hold_lease(database, f"apply:{system.name}", holder) as lease:
        failpoint("apply.after_lease")
        errand = Errand(database, session, system, plan_id, lease)
        for earlier in _list_started(errand):
            _close_left(Errand(database, session, system, earlier, lease))
        if _find_outcome(database, plan_id) is None:
            _carry_out(errand)
            _close(errand)
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


def _list_started(errand: Errand) -> list[str]:
    """Earlier plans that were begun and never ended; this plan was made in view of what they did."""
    with errand.database.transaction(PLANNER) as connection:
        values = (errand.system.name, errand.plan_id, errand.plan_id)
        return [str(row[0]) for row in connection.execute(_STARTED_BEFORE, values).fetchall()]


def _close_left(errand: Errand) -> None:
    settle_changes(errand, "sent")
    _close(errand)


def _carry_out(errand: Errand) -> None:
    settle_changes(errand, "sent")
    settle_changes(errand, "unknown")
    failpoint("apply.after_settle")
    for _ in range(ROUNDS):
        for resource in errand.system.resources:
            if resource.writes is not None:
                _write_resource(errand, resource, resource.writes.writer)
                failpoint("apply.after_resource")
        if not _settle_unknown(errand):
            return


def _settle_unknown(errand: Errand) -> int:
    try:
        return settle_changes(errand, "unknown")
    except TransientError as error:
        _logger.warning(
            "Unknown outcomes could not be read back and stay unknown. system=%s plan=%s reason=%s",
            errand.system.name,
            errand.plan_id,
            error.message,
        )
        return 0


def _write_resource(errand: Errand, resource: Resource, writer: Writer) -> None:
    with errand.database.transaction(PLANNER) as connection:
        resolve_references(connection, errand.plan_id, errand.system, resource)
        rows = connection.execute(_WAITING, (errand.plan_id,)).fetchall()
    failpoint("apply.after_references")
    for action in ACTIONS:
        if (resource.name, action) in rows:
            wanted = Wanted(errand.plan_id, resource, "planned", (action,))
            while _Crew(errand, wanted, writer).work_through():
                pass


def _close(errand: Errand) -> None:
    """Whatever was not sent is held, with the reason."""
    failpoint("apply.before_close")
    with errand.database.transaction(PLANNER) as connection:
        errand.lease.keep(connection)
        dangling = "Not sent: it refers to a record whose creation was not confirmed."
        hold_planned(connection, errand.plan_id, dangling, pattern=reference_pattern(errand.system))
        left = "Not sent: the run ended before it; the next plan contains it if it is still needed."
        hold_planned(connection, errand.plan_id, left)
        close_plan(connection, errand.plan_id, "applied")
    failpoint("apply.after_close")


@dataclass(slots=True)
class _Answer:
    """What one call came to: ends, changes surely not sent, and what was in the way."""

    ends: list[Outcome] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    trouble: ConcordError | None = None


class _Crew:
    """Some threads that share one pass over the planned changes of a resource, each with its own connection."""

    def __init__(self, errand: Errand, wanted: Wanted, writer: Writer) -> None:
        self._errand = errand
        self._wanted = wanted
        self._writer = writer
        self._reference = re.compile(reference_pattern(errand.system))
        self._lock = Lock()
        self._beyond = -1
        self._ended = 0
        self._failures = 0
        self._returned = 0
        self._is_stopped = False
        self._is_complete = False
        self._trouble: ConcordError | None = None

    def work_through(self) -> bool:
        """Send every planned change once; True when some came back unsent and another pass may help."""
        count = max(1, self._errand.system.pace.concurrency)
        with ThreadPoolExecutor(count, thread_name_prefix="apply") as threads:
            for done in [threads.submit(self._work) for _ in range(count)]:
                done.result()
        if self._trouble is None or (self._is_complete and not self._returned):
            return False
        if not self._ended or not isinstance(self._trouble, TransientError):
            raise self._trouble
        return True

    def _work(self) -> None:
        try:
            with self._errand.database.transaction(PLANNER) as connection:
                while (changes := self._take(connection)) is not None:
                    self._send(connection, changes)
        except BaseException:
            self._is_stopped = True
            raise

    def _take(self, connection: Connection) -> list[StoredChange] | None:
        """The next changes for one call, None at the end of the pass."""
        with self._lock:
            if self._is_stopped:
                return None
            stored = load_changes(connection, self._wanted, beyond=self._beyond, limit=self._writer.size)
            connection.commit()
            if not stored:
                self._is_complete = True
                return None
            self._beyond = stored[-1].sequence
        return [item for item in stored if not self._is_dangling(item.change)]

    def _is_dangling(self, change: Change) -> bool:
        return any(isinstance(value, str) and self._reference.match(value) for value in change.after.values())

    def _send(self, connection: Connection, stored: Sequence[StoredChange]) -> None:
        lease, attempts = self._errand.lease, {item.change.change_id: item.attempts + 1 for item in stored}
        sent = mark_sent(connection, lease, list(attempts)) if stored else set()
        connection.commit()
        if not sent:
            return
        failpoint("apply.after_sent")
        answer = self._call([item.change for item in stored if item.change.change_id in sent])
        failpoint("apply.after_call")
        _return_held(answer, attempts)
        record_ends(connection, lease, answer.ends, returned=answer.returned)
        connection.commit()
        failpoint("apply.after_outcomes")
        self._count(answer)

    def _call(self, changes: Sequence[Change]) -> _Answer:
        """One call, and what its failure means for each of its changes."""
        ids = [change.change_id for change in changes]
        try:
            outcomes = self._writer.write(self._errand.session, self._wanted.resource, changes)
        except OutcomeUnknownError as error:
            return _Answer([Outcome(item.change_id, End.UNKNOWN, item.key, error.message) for item in changes])
        except (RequestError, RecordError) as error:
            return self._call_singly(changes, error)
        except (TransientError, PermanentError, ConfigurationError) as error:
            return _Answer(returned=ids, trouble=error)
        told = {outcome.change_id: outcome for outcome in outcomes if outcome.change_id in ids}
        silence = "The answer does not mention this change."
        return _Answer([told.get(name) or Outcome(name, End.UNKNOWN, None, silence) for name in ids])

    def _call_singly(self, changes: Sequence[Change], error: ConcordError) -> _Answer:
        """A call refused as a whole is narrowed down to the change at fault."""
        if len(changes) == 1:
            end = End.CONFLICTED if isinstance(error, ChangeConflictError) else End.REJECTED
            return _Answer([Outcome(changes[0].change_id, end, changes[0].key, error.message)])
        whole = _Answer()
        for change in changes:
            if whole.trouble is not None:
                whole.returned.append(change.change_id)
                continue
            answer = self._call([change])
            whole.ends += answer.ends
            whole.returned += answer.returned
            whole.trouble = answer.trouble
        return whole

    def _count(self, answer: _Answer) -> None:
        known = sum(end.end is not End.UNKNOWN for end in answer.ends)
        if not known and answer.trouble is None:
            answer.trouble = TransientError(
                f"{self._errand.system.title} does not answer writes, so no more were sent; "
                "run the task again, which reads back first."
            )
        with self._lock:
            self._ended += known
            self._returned += len(answer.returned)
            self._failures = 0 if known else self._failures + 1
            self._trouble = answer.trouble or self._trouble
            is_lasting = answer.trouble is not None and not isinstance(answer.trouble, TransientError)
            if is_lasting or self._failures >= FAILURES_IN_A_ROW:
                self._is_stopped = True


def _return_held(answer: _Answer, attempts: dict[str, int]) -> None:
    """What a writer could not send goes back to the plan, until it was tried often enough."""
    again = [end.change_id for end in answer.ends if end.end is End.HELD and attempts[end.change_id] < ATTEMPTS]
    if again and answer.trouble is None:
        answer.trouble = TransientError(next(end.message for end in answer.ends if end.change_id in again))
    answer.returned += again
    answer.ends = [end for end in answer.ends if end.change_id not in again]
