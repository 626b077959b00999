"""From what a vendor answered to one outcome per change, whatever goes wrong in between."""

from collections.abc import Callable, Iterable, Sequence

from concord.contract import Change, End, Outcome
from concord.errors import ConcordError, OutcomeUnknownError, RequestError
from concord.http.masking import masked

Send = Callable[[Sequence[Change]], list[Outcome]]


def confirmed(change: Change, key: str | None = None) -> Outcome:
    """The target took it."""
    return Outcome(change.change_id, End.CONFIRMED, key or change.key)


def rejected(change: Change, sentence: object) -> Outcome:
    """The target refused it and said why; values of the record are hidden."""
    values = [*change.after.values(), *change.before.values()]
    return Outcome(change.change_id, End.REJECTED, change.key, masked(sentence, values))


def conflicted(change: Change, sentence: str) -> Outcome:
    """The target no longer says what the plan saw."""
    return Outcome(change.change_id, End.CONFLICTED, change.key, sentence)


def unknown(change: Change, sentence: str, key: str | None = None) -> Outcome:
    """It was sent, and nobody knows what became of it."""
    return Outcome(change.change_id, End.UNKNOWN, key or change.key, sentence)


def settle(changes: Sequence[Change], send: Send) -> list[Outcome]:
    """One call: a lost answer is unknown; a refusal of the whole call is narrowed down to single changes."""
    try:
        outcomes = send(changes)
    except OutcomeUnknownError as error:
        return [unknown(change, error.message) for change in changes]
    except RequestError as error:
        if len(changes) == 1:
            return [rejected(changes[0], error.facts.get("sentence") or error.message)]
        return settle_all(([change] for change in changes), send)
    return _complete(changes, outcomes)


def settle_all(groups: Iterable[Sequence[Change]], send: Send, before: Sequence[Outcome] = ()) -> list[Outcome]:
    """Several calls: when one cannot be made, it and those behind it are held.

    Where nothing was sent yet, also not `before`, the error is raised, and the caller may start again.
    """
    outcomes = list(before)
    trouble: ConcordError | None = None
    for group in groups:
        if trouble is None:
            try:
                outcomes += settle(group, send)
                continue
            except ConcordError as error:
                if not outcomes:
                    raise
                trouble = error
        outcomes += [Outcome(item.change_id, End.HELD, item.key, f"Not sent: {trouble.message}") for item in group]
    return outcomes


def _complete(changes: Sequence[Change], outcomes: list[Outcome]) -> list[Outcome]:
    """A change the answer does not mention is of unknown outcome."""
    told = {outcome.change_id for outcome in outcomes}
    silent = [change for change in changes if change.change_id not in told]
    return [*outcomes, *(unknown(change, "The answer does not mention this record.") for change in silent)]
