"""Sends the planned changes of one resource and action, in several calls at once.

Each change is journaled before it is sent and after its outcome is known. Workers take their next changes from one
source, and one tally of outcomes decides for all of them when to stop.
"""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock

from concord.contract import Change, End, Writer
from concord.errors import ConcordError, TransientError
from concord.failpoints import failpoint
from concord.protocols.session.masking import hide_values, without_values
from concord.protocols.writing import Settled, refuse_emptied, settle
from concord.stages.write_back.settle import PlanExecution
from concord.store.engine import PLANNER, Connection
from concord.store.ledger.changes import (
    FIRST,
    Selection,
    StoredChange,
    load_changes,
    mark_sent,
    record_ends,
    reference_pattern,
)
from concord.store.personal_values import read_personal_values

FAILURES_IN_A_ROW = 3
ATTEMPTS = 3
_SMALLER = 10  # of a group that had no effect, a tenth is sent again at once


class ChangeSource:
    """Hands out the selected changes once each; safe to use from several threads.

    What was sent before and had no effect comes last and in smaller groups, so that a record on which the vendor
    fails keeps neither those beside it nor those behind it from being written. Changes that refer to a record
    which was not created yet are left out; the pattern says how a reference looks.
    """

    def __init__(self, selection: Selection, size: int, reference: str) -> None:
        self.is_exhausted = False
        self._selection, self._size = selection, size
        self._reference = re.compile(reference)
        self._last = FIRST
        self._taken: set[int] = set()
        self._lock = Lock()

    def take(self, connection: Connection) -> list[StoredChange] | None:
        """The changes for the next call, `size` at most and perhaps none; None when there are no more."""
        with self._lock:
            stored = load_changes(connection, self._selection, after=self._last, limit=self._size)
            connection.commit()
            if not stored:
                self.is_exhausted = True
                return None
            attempts = stored[0].attempts
            stored = [item for item in stored if item.attempts == attempts]
            stored = stored[: max(1, self._size // _SMALLER**attempts)]
            self._last = stored[-1].place
            fresh = [item for item in stored if item.sequence not in self._taken]
            self._taken.update(item.sequence for item in fresh)
        return [item for item in fresh if not self._refers(item.change)]

    def _refers(self, change: Change) -> bool:
        return any(isinstance(value, str) and self._reference.match(value) for value in change.after.values())


class Tally:
    """Sums up the results of calls and decides when to stop; safe to use from several threads.

    It stops at an error that will not pass by itself, and when several calls in a row gave no known outcome.
    """

    def __init__(self) -> None:
        self.is_stopped = False
        self._known = self._unsent = self._failures = 0
        self._error: ConcordError | None = None
        self._lock = Lock()

    def add(self, result: Settled) -> None:
        """Count the result of one call; an outcome counts once it is known."""
        known = sum(outcome.end is not End.UNKNOWN for outcome in result.outcomes)
        is_lasting = result.error is not None and not isinstance(result.error, TransientError)
        with self._lock:
            self._known += known
            self._unsent += len(result.unsent)
            self._failures = 0 if known else self._failures + 1
            self._error = result.error or self._error
            if is_lasting or self._failures >= FAILURES_IN_A_ROW:
                self.is_stopped = True

    def needs_another_pass(self, *, is_exhausted: bool) -> bool:
        """Whether changes were left unsent and sending them again may help; raises the error when it cannot."""
        if self._error is None or (is_exhausted and not self._unsent):
            return False
        if not self._known or not isinstance(self._error, TransientError):
            raise self._error
        return True


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass over the selected changes: what its workers share."""

    execution: PlanExecution
    selection: Selection
    writer: Writer
    source: ChangeSource
    tally: Tally


def send_changes(execution: PlanExecution, selection: Selection, writer: Writer) -> bool:
    """Send every selected change once; True when some came back unsent and another pass may help.

    The vendor's rate limit says how many calls are under way at once. Raises the error that kept all of them from
    being sent, or that will not pass by itself.
    """
    source = ChangeSource(selection, writer.size, reference_pattern(execution.system))
    current = _Pass(execution, selection, writer, source, Tally())
    count = max(1, execution.system.rate_limit.concurrency)
    with ThreadPoolExecutor(count, thread_name_prefix="apply") as threads:
        for done in [threads.submit(_work, current) for _ in range(count)]:
            done.result()
    return current.tally.needs_another_pass(is_exhausted=source.is_exhausted)


def _work(current: _Pass) -> None:
    """Send until no changes are left or the tally says stop, over one connection."""
    tally = current.tally
    try:
        with current.execution.database.transaction(PLANNER) as connection:
            while not tally.is_stopped and (stored := current.source.take(connection)) is not None:
                if stored:
                    _send(current, connection, stored)
    except BaseException:
        tally.is_stopped = True
        raise


def _send(current: _Pass, connection: Connection, stored: Sequence[StoredChange]) -> None:
    """One call with its two entries in the journal; changes that another worker sent meanwhile are left out.

    A change that no vendor would take is rejected before, and is not planned any more when the others are marked.
    """
    lease, session = current.execution.lease, current.execution.session
    refused = refuse_emptied(current.selection.resource, [item.change for item in stored])
    record_ends(connection, lease, refused, states=("planned",))
    sent = mark_sent(connection, lease, [item.change.change_id for item in stored])
    connection.commit()
    if not sent:
        return
    failpoint("apply.after_sent")
    changes = [item.change for item in stored if item.change.change_id in sent]
    result = settle(changes, lambda group: current.writer.write(session, current.selection.resource, group))
    failpoint("apply.after_call")
    hide_personal_values(connection, current, result)
    return_held(result, stored)
    record_ends(connection, lease, result.outcomes, returned=result.unsent)
    connection.commit()
    failpoint("apply.after_outcomes")
    if result.error is None and all(outcome.end is End.UNKNOWN for outcome in result.outcomes):
        result.error = TransientError(
            f"{current.execution.system.title} does not answer writes, so no more were sent; "
            "run the task again, which reads back first."
        )
    current.tally.add(result)


def hide_personal_values(connection: Connection, current: _Pass, result: Settled) -> None:
    """Take what the warehouse knows of the persons concerned out of the messages in which a vendor quotes it."""
    told = [outcome for outcome in result.outcomes if outcome.message]
    if not told and result.error is None:
        return
    keys = [outcome.key for outcome in told if outcome.key] + [item.key for item in result.unsent if item.key]
    values = read_personal_values(connection, current.execution.system, current.selection.resource, keys)
    hide_in_messages(result, values)


def hide_in_messages(result: Settled, values: Sequence[object]) -> None:
    """Take these values out of all that the result says."""
    result.outcomes = [replace(item, message=without_values(item.message, values)) for item in result.outcomes]
    if result.error is not None:
        hide_values(result.error, values)


def return_held(result: Settled, stored: Sequence[StoredChange]) -> None:
    """Count as unsent what a writer held back, until that was tried often enough."""
    retriable = {item.change.change_id: item.change for item in stored if item.attempts + 1 < ATTEMPTS}
    again = [outcome for outcome in result.outcomes if outcome.end is End.HELD and outcome.change_id in retriable]
    if again and result.error is None:
        result.error = TransientError(again[0].message)
    result.unsent += [retriable[outcome.change_id] for outcome in again]
    result.outcomes = [outcome for outcome in result.outcomes if outcome not in again]
