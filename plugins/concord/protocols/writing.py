"""What all writers share: each change is checked against the target right before it is sent, and has one outcome.

Most writers are `check_changes(...).send(...)`: this module reads the guards, finds creates that an earlier call
has made, groups the changes that are left, and narrows a refused call down to the change at fault. The writer of a
vendor sends one group and reads its results.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from concord.contract import ARCHIVE, Change, End, Outcome, Resource, Session
from concord.errors import ChangeConflictError, ConcordError, OutcomeUnknownError, RecordError, RequestError
from concord.protocols.session.masking import masked
from concord.protocols.values import Record, are_same, decode_record, value_at

Send = Callable[[Sequence[Change]], list[Outcome]]
MOVED = "The target has changed since the plan was made; the next plan will look at it again."


def confirmed(change: Change, key: str | None = None) -> Outcome:
    """The target accepted the change; `key` is that of a new record."""
    return Outcome(change.change_id, End.CONFIRMED, key or change.key)


def rejected(change: Change, sentence: object) -> Outcome:
    """The target refused the change for the reason in `sentence`, in which values of the record are masked."""
    values = [*change.after.values(), *change.before.values()]
    return Outcome(change.change_id, End.REJECTED, change.key, masked(sentence, values))


def conflicted(change: Change, sentence: str = MOVED) -> Outcome:
    """The target no longer says what the plan saw."""
    return Outcome(change.change_id, End.CONFLICTED, change.key, sentence)


def unknown(change: Change, sentence: str, key: str | None = None) -> Outcome:
    """The change was sent, and whether the target carried it out is not known."""
    return Outcome(change.change_id, End.UNKNOWN, key or change.key, sentence)


def held(change: Change, reason: str) -> Outcome:
    """The change was not sent and may be sent later."""
    return Outcome(change.change_id, End.HELD, change.key, f"Not sent: {reason}")


@dataclass(slots=True)
class Settled:
    """What sending some changes came to: outcomes, changes that were not sent, and the error that stopped it."""

    outcomes: list[Outcome] = field(default_factory=list)
    unsent: list[Change] = field(default_factory=list)
    error: ConcordError | None = None

    def add(self, part: "Settled") -> None:
        """Take in what came of other changes."""
        self.outcomes += part.outcomes
        self.unsent += part.unsent
        self.error = self.error or part.error


def settle(changes: Sequence[Change], send: Send) -> Settled:
    """Send the changes in one call, and tell what its result or failure means for each of them.

    If the response is lost (`OutcomeUnknownError`) all are unknown, and so is a change that the response does not
    mention. If the call is refused (`RequestError`, `RecordError`) each change is sent by itself, and the one at
    fault is rejected, or conflicted for a `ChangeConflictError`. Any other error means that nothing was sent:
    it is returned, not raised, with the changes that remain unsent. Outcomes are in the order of the changes.
    """
    try:
        outcomes = send(changes)
    except OutcomeUnknownError as error:
        return Settled([unknown(change, error.message) for change in changes])
    except (RequestError, RecordError) as error:
        if len(changes) == 1:
            return Settled([_refused(changes[0], error)])
        return settle_groups(([change] for change in changes), send)
    except ConcordError as error:
        return Settled(unsent=list(changes), error=error)
    found = {outcome.change_id: outcome for outcome in outcomes}
    silence = "The response does not mention this record."
    return Settled([found.get(change.change_id) or unknown(change, silence) for change in changes])


def settle_groups(groups: Iterable[Sequence[Change]], send: Send) -> Settled:
    """Send each group in a call of its own, in order; after a call that cannot be made no other group is sent."""
    whole = Settled()
    for group in groups:
        whole.add(settle(group, send) if whole.error is None else Settled(unsent=list(group)))
    return whole


def settle_all(groups: Iterable[Sequence[Change]], send: Send, before: Sequence[Outcome] = ()) -> list[Outcome]:
    """The outcomes `before` and those of the groups; what could not be sent is held.

    A change that an earlier step has written, so that it is confirmed in `before`, is unknown instead: it is not
    untouched. If nothing was sent at all and `before` is empty, the error of the first call is raised: the caller
    may start again.
    """
    whole = settle_groups(groups, send)
    if whole.error is None:
        return [*before, *whole.outcomes]
    if not before and not whole.outcomes:
        raise whole.error
    begun = {outcome.change_id for outcome in before if outcome.end is End.CONFIRMED}
    sentence = f"A first step was written, and the next was not sent: {whole.error.message}"
    left = (
        unknown(change, sentence) if change.change_id in begun else held(change, whole.error.message)
        for change in whole.unsent
    )
    return [*before, *whole.outcomes, *left]


def _refused(change: Change, error: ConcordError) -> Outcome:
    if isinstance(error, ChangeConflictError):
        return conflicted(change, error.message)
    return rejected(change, error.facts.get("sentence") or error.message)


@dataclass(frozen=True, slots=True)
class CheckedChanges:
    """Changes after a look at the target: those to send, the outcomes of the others, the records by key."""

    ready: list[Change]
    ended: list[Outcome]
    records: Mapping[str, Record]

    def groups(self, size: int) -> Iterator[Sequence[Change]]:
        """Updates, then creates, then archives, in groups of one kind and at most `size` changes."""
        creates = [change for change in self.ready if change.key is None]
        archives = [change for change in self.ready if change.key is not None and change.action == ARCHIVE]
        updates = [change for change in self.ready if change.key is not None and change.action != ARCHIVE]
        kinds = (updates, creates, archives)
        return (kind[start : start + size] for kind in kinds for start in range(0, len(kind), size))

    def send(self, send: Send, size: int) -> list[Outcome]:
        """One outcome for each change; `send` gets groups of one kind and at most `size` changes."""
        return self.ended + settle_all(self.groups(size), send)


def check_changes(
    session: Session, resource: Resource, changes: Sequence[Change], *, upserts: bool = False
) -> CheckedChanges:
    """Compare the changes with the target as it is now.

    Conflicted: the guard has moved, or the record is gone. Confirmed without sending: an archive of a record that
    is gone, and a create whose record is there already. If the vendor `upserts` by the natural key, creates
    are not looked up, but rejected if they lack the key.
    """
    ready, ended, records = split_moved(session, resource, changes)
    others, creates = _split(ready, lambda change: change.key is None)
    if upserts:
        creates, nameless = _split(creates, lambda change: not change.after.get(resource.natural_key[0]))
        ended += [rejected(change, f"A new record needs its {resource.natural_key[0]}.") for change in nameless]
    else:
        creates, found = split_existing(session, resource, creates)
        ended += found
    return CheckedChanges(others + creates, ended, records)


def _split(changes: Iterable[Change], test: Callable[[Change], bool]) -> tuple[list[Change], list[Change]]:
    """The changes that fail the test, and those that pass it."""
    parts: tuple[list[Change], list[Change]] = ([], [])
    for change in changes:
        parts[test(change)].append(change)
    return parts


def read_records(session: Session, resource: Resource, keys: Sequence[str]) -> dict[str, Record]:
    """The present records by key."""
    records = _read_matching(session, resource, resource.key, keys)
    return {key_of(resource, record): record for record in records}


def key_of(resource: Resource, record: Record) -> str:
    """The key of a decoded record."""
    return str(value_at(record, resource.field(resource.key)))


def find_created(session: Session, resource: Resource, creates: Sequence[Change]) -> dict[str, Record]:
    """The records that creates have made already, by change id.

    A record is that of a create if it agrees in every field of the natural key that the create fills; the first
    such field must be filled. Of several records the first that the target gives is taken.
    """
    names = resource.natural_key
    wanted = [change for change in creates if names and change.after.get(names[0]) is not None]
    if not wanted:
        return {}
    values = sorted({str(change.after[names[0]]) for change in wanted})
    alike: dict[str, list[Record]] = {}
    for record in _read_matching(session, resource, names[0], values):
        alike.setdefault(str(value_at(record, resource.field(names[0]))), []).append(record)
    found: dict[str, Record] = {}
    for change in wanted:
        for record in alike.get(str(change.after[names[0]]), []):
            if _is_same(resource, change, record):
                found.setdefault(change.change_id, record)
    return found


def find_keys(session: Session, resource: Resource, changes: Sequence[Change]) -> list[str | None]:
    """The key of each change's record, in the order of the changes; creates are looked up, None if not found."""
    found = find_created(session, resource, [change for change in changes if change.key is None])
    made = {change_id: key_of(resource, record) for change_id, record in found.items()}
    return [change.key or made.get(change.change_id) for change in changes]


def _is_same(resource: Resource, change: Change, record: Record) -> bool:
    filled = (resource.field(name) for name in resource.natural_key if change.after.get(name) is not None)
    return all(are_same(item.kind, change.after[item.name], value_at(record, item)) for item in filled)


def _read_matching(session: Session, resource: Resource, name: str, values: Sequence[str]) -> Iterator[Record]:
    pages = resource.read.read_matching(session, resource, name, values)
    return (decode_record(resource, raw) for page in pages for raw in page)


def refuse_emptied(resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
    """The rejections of the changes that would empty a field without which the vendor takes no record."""
    refused = []
    for change in changes:
        emptied = (name for name, value in change.after.items() if value in (None, "") and change.key is not None)
        if name := next((name for name in emptied if not resource.can_be_emptied(name)), ""):
            sentence = (
                f"It was not sent, because {name} cannot be emptied there; "
                "enter another value at its owner, or remove the record by hand."
            )
            refused.append(rejected(change, sentence))
    return refused


def split_moved(
    session: Session, resource: Resource, changes: Sequence[Change]
) -> tuple[list[Change], list[Outcome], dict[str, Record]]:
    """The changes whose guard still holds, the outcomes of the others, and the records as they are now."""
    keys = [change.key for change in changes if change.key is not None]
    records = read_records(session, resource, keys) if keys else {}
    return *split_known(resource, changes, records), records


def split_known(
    resource: Resource, changes: Sequence[Change], records: Mapping[str, Record]
) -> tuple[list[Change], list[Outcome]]:
    """The changes whose guard holds in records that were just read, and the outcomes of the others.

    An archive of a record that is gone is confirmed, and nothing is sent for it.
    """
    ready: list[Change] = []
    ended: list[Outcome] = []
    for change in changes:
        record = None if change.key is None else records.get(change.key)
        moved = None if change.key is None else _moved(resource, change, record)
        if change.action == ARCHIVE and is_gone(resource, record):
            ended.append(confirmed(change))
        elif moved:
            ended.append(conflicted(change, moved))
        else:
            ready.append(change)
    return ready, ended


def split_existing(
    session: Session, resource: Resource, creates: Sequence[Change]
) -> tuple[list[Change], list[Outcome]]:
    """The creates to send, and the outcomes of those that an earlier call made before its response was lost."""
    found = find_created(session, resource, creates)
    left, there = _split(creates, lambda change: change.change_id in found)
    return left, [confirmed(change, key_of(resource, found[change.change_id])) for change in there]


def _moved(resource: Resource, change: Change, record: Record | None) -> str:
    """Why a change must not be sent, empty when it may be."""
    if record is None:
        return "The record is gone from the target; the next plan will look at it again."
    if is_gone(resource, record):
        return "The record was deleted at the target; the next plan will look at it again."
    for item in map(resource.field, resource.guards):
        seen = change.guard.get(item.name)
        if seen is not None and not are_same(item.kind, seen, value_at(record, item)):
            moved = f"({item.name} moved)"
            return f"The target has changed since the plan was made {moved}; the next plan will look at it again."
    return ""


def guards_by_path(paths: str | Mapping[str, str], resource: Resource, change: Change) -> dict[str, object]:
    """What the plan saw, by the path of the first field of the guard, or by the paths of its fields by name."""
    named = {resource.guard: paths} if isinstance(paths, str) else paths
    return {path: change.guard.get(name) for name, path in named.items() if name and path}


def is_gone(resource: Resource, record: Record | None) -> bool:
    """Whether a record is not there, or is marked as deleted."""
    if record is None:
        return True
    return bool(resource.deleted) and value_at(record, resource.field(resource.deleted)) in (True, 1, "true")
