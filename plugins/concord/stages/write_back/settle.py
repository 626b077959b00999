"""Settles writes whose outcome is not known: the target is read back before anything is sent again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from psycopg import sql

from concord.contract import ARCHIVE, Change, End, Kind, Outcome, Resource, Session, System
from concord.failpoints import failpoint
from concord.protocols.writing import Settled, conflicted, unknown
from concord.stages.extract.landing import copy_pages
from concord.stages.extract.rows import RowShaper
from concord.store.engine import LOADER, PLANNER, Database
from concord.store.leases import Lease
from concord.store.ledger.account_fields import find_account
from concord.store.ledger.changes import FIRST, Selection, as_kinds, load_changes, record_ends
from concord.store.tables import landing_columns
from concord.store.typed_fields import select_typed

AT_ONCE = 200

READ_BACK = "Read back."
_READ = sql.Identifier("read_back")
_CREATE = sql.SQL("create temp table {} ({}) on commit drop")

Found = Mapping[str, object]
Judged = tuple[Change, Outcome | None]


@dataclass(frozen=True, slots=True)
class PlanExecution:
    """One plan being carried out: in which warehouse, through which session, under which lease."""

    database: Database
    session: Session
    system: System
    plan_id: str
    lease: Lease


def settle_changes(execution: PlanExecution, state: str) -> int:
    """Settle all changes left in `state` (`sent` or `unknown`); returns how many are not unknown any more.

    What the target does not hold is returned to the plan. Raises the session's errors.
    """
    settled = 0
    for resource in execution.system.resources:
        if resource.writes is not None:
            settled += _settle_resource(execution, Selection(execution.plan_id, resource, state))
    return settled


def _settle_resource(execution: PlanExecution, selection: Selection) -> int:
    settled, last = 0, FIRST
    while True:
        with execution.database.transaction(PLANNER) as connection:
            stored = load_changes(connection, selection, after=last, limit=AT_ONCE)
        if not stored:
            return settled
        last = stored[-1].place
        result = _judge(execution, selection.resource, [item.change for item in stored])
        failpoint("settle.after_read")
        with execution.database.transaction(PLANNER) as connection:
            record_ends(
                connection, execution.lease, result.outcomes, states=(selection.state,), returned=result.unsent
            )
        failpoint("settle.after_changes")
        settled += len(result.unsent) + sum(outcome.end is not End.UNKNOWN for outcome in result.outcomes)


def _judge(execution: PlanExecution, resource: Resource, changes: Sequence[Change]) -> Settled:
    """What became of each change, by what the target holds now; those without an effect count as unsent."""
    result = Settled()
    if resource.writes is not None and resource.writes.writer.finishes_creates:
        made = [change for change in changes if change.action == "create"]
        result.unsent += _find_begun(execution, resource, made)
        changes = [change for change in changes if change.action != "create"]
    known = _judge_known(execution, resource, [change for change in changes if change.key is not None])
    creates = _judge_creates(execution, resource, [change for change in changes if change.key is None])
    for change, outcome in (*known, *creates):
        if outcome is None:
            result.unsent.append(replace(change, key="") if change.action == "create" else change)
        else:
            result.outcomes.append(outcome)
    return result


def _find_begun(execution: PlanExecution, resource: Resource, creates: Sequence[Change]) -> Iterator[Change]:
    """The creates, with the keys of those that have made a record: the writer takes the steps that are left.

    Such a create is not known to be whole by being there, and is safe to hand to the writer again. The key is
    empty where the target holds no record of it.
    """
    known = [change for change in creates if change.key is not None]
    judged = [
        *_judge_known(execution, resource, known),
        *_judge_creates(execution, resource, [change for change in creates if change.key is None]),
    ]
    for change, outcome in judged:
        yield replace(change, key=(outcome and outcome.key) or "")


def _judge_known(execution: PlanExecution, resource: Resource, changes: Sequence[Change]) -> Iterator[Judged]:
    """Changes whose record's key is known: updates, archives, and creates that were answered with a key."""
    keys = sorted({str(change.key) for change in changes})
    found = {str(record[resource.key]): record for record in read_back(execution, resource, resource.key, keys)}
    for change in changes:
        yield change, _compare(resource, change, found.get(str(change.key)))


def _compare(resource: Resource, change: Change, record: Found | None) -> Outcome | None:
    """The outcome of a change, by its record as it is now; None when the change had no effect."""
    if record is None and change.action == "create":
        return None
    if record is None and change.action == ARCHIVE:
        return Outcome(change.change_id, End.CONFIRMED, change.key, "Read back: it is gone.")
    if record is None:
        return conflicted(change, "Read back: the record is gone from the target.")
    if change.action == "create" or is_equal(resource, record, change.after):
        return Outcome(change.change_id, End.CONFIRMED, change.key, READ_BACK)
    if is_equal(resource, record, change.before):
        return None
    return conflicted(change, "Read back: the target has neither the values from before nor those that were sent.")


def _judge_creates(execution: PlanExecution, resource: Resource, changes: Sequence[Change]) -> Iterator[Judged]:
    """Creates of which no key is known: their records are looked up by the natural key, one for each create."""
    name = next(iter(resource.natural_key), "")
    sought = {str(change.after[name]): change for change in changes if change.after.get(name) is not None}
    found = read_back(execution, resource, name, sorted(sought)) if name else []
    taken: set[str] = set()
    for change in changes:
        if change.after.get(name) is None:
            yield (
                change,
                unknown(change, "The answer was lost, and the target offers no way to look the record up."),
            )
            continue
        free = [record for record in found if str(record[resource.key]) not in taken]
        key = _find_created(resource, change, free)
        if key is None:
            yield change, None
        else:
            taken.add(key)
            yield change, Outcome(change.change_id, End.CONFIRMED, key, READ_BACK)


def _find_created(resource: Resource, change: Change, found: Sequence[Found]) -> str | None:
    """The key of the record that this create made: it has the natural key, and if possible agrees in all else."""
    same = {name: change.after[name] for name in resource.natural_key if change.after.get(name) is not None}
    alike = [record for record in found if is_equal(resource, record, same)]
    equal = [record for record in alike if is_equal(resource, record, change.after)]
    return min((str(record[resource.key]) for record in equal or alike), default=None)


def is_equal(resource: Resource, record: Found, values: Mapping[str, object]) -> bool:
    """Whether a record has these values; documents do not count, as they are read in another form than written."""
    return all(
        record.get(name) == value for name, value in values.items() if resource.field(name).kind is not Kind.JSON
    )


def read_back(execution: PlanExecution, resource: Resource, name: str, values: Sequence[str]) -> list[Found]:
    """The records that the target has now with these values, in the contract's types, without deleted ones.

    They pass through a temporary table for their types.
    """
    if not values:
        return []
    statement = sql.SQL("select to_jsonb(typed)::text from ({}) as typed").format(select_typed(resource, _READ))
    with execution.database.transaction(LOADER) as connection:
        account = find_account(connection, execution.system, resource)
        known = account.resource
        connection.execute(_CREATE.format(_READ, landing_columns(resource)))
        pages = known.read.read_matching(execution.session, known, name, values)
        copy_pages(connection, RowShaper(known, execution.plan_id, account.constants), _READ, pages)
        rows = connection.execute(statement).fetchall()
    names = {item.name for item in resource.fields}
    records = [json.loads(str(row[0]), parse_float=Decimal) for row in rows]
    typed = [as_kinds(resource, {key: item[key] for key in item if key in names}) for item in records]
    return [item for item in typed if not (resource.deleted and item.get(resource.deleted))]
