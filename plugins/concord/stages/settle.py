"""What became of a write whose answer was lost: the target is read back before anything is sent again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from psycopg import sql

from concord.contract import ARCHIVE, Batch, Change, End, Outcome, Resource, Session, System
from concord.failpoints import failpoint
from concord.fields import Kind
from concord.stages.extract import land_pages
from concord.store.engine import LOADER, PLANNER, Database
from concord.store.ids import derive_id
from concord.store.journal import record_ends
from concord.store.leases import Lease
from concord.store.plans import StoredChange, Wanted, as_kinds, load_changes
from concord.store.tables import typed_view

AT_ONCE = 200
REFERENCE_ENDING = "_source_id"

Found = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Errand:
    """One plan being carried out: where, through which session, under which lease."""

    database: Database
    session: Session
    system: System
    plan_id: str
    lease: Lease


@dataclass(slots=True)
class _Verdicts:
    ends: list[Outcome] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)


def settle_changes(errand: Errand, state: str) -> int:
    """Settle all changes left in `state` (sent or unknown); returns how many came to know their end."""
    moved = 0
    for resource in errand.system.resources:
        if resource.writes is not None:
            moved += _settle_resource(errand, Wanted(errand.plan_id, resource, state))
    return moved


def _settle_resource(errand: Errand, wanted: Wanted) -> int:
    moved, beyond = 0, -1
    while True:
        with errand.database.transaction(PLANNER) as connection:
            stored = load_changes(connection, wanted, beyond=beyond, limit=AT_ONCE)
        if not stored:
            return moved
        beyond = stored[-1].sequence
        verdicts = _judge(errand, wanted.resource, stored)
        failpoint("settle.after_read")
        with errand.database.transaction(PLANNER) as connection:
            record_ends(
                connection, errand.lease, verdicts.ends, states=(wanted.state,), returned=verdicts.returned
            )
        failpoint("settle.after_changes")
        moved += len(verdicts.returned) + sum(end.end is not End.UNKNOWN for end in verdicts.ends)


def _judge(errand: Errand, resource: Resource, stored: Sequence[StoredChange]) -> _Verdicts:
    verdicts = _Verdicts()
    changes = [item.change for item in stored]
    if _finishes_creates(resource):
        verdicts.returned += [change.change_id for change in changes if change.action == "create"]
        changes = [change for change in changes if change.action != "create"]
    _judge_known(errand, resource, [change for change in changes if change.key is not None], verdicts)
    _judge_creates(errand, resource, [change for change in changes if change.key is None], verdicts)
    return verdicts


def _finishes_creates(resource: Resource) -> bool:
    """Whether the writer itself finds what an earlier call created and takes the steps that are left.

    Such a create is not known to be whole by being there, and is safe to hand to the writer again.
    """
    return resource.writes is not None and bool(getattr(resource.writes.writer, "finishes_creates", False))


def _judge_known(errand: Errand, resource: Resource, changes: Sequence[Change], verdicts: _Verdicts) -> None:
    """Changes whose record's key is known: updates, archives, and creates that were answered with a key."""
    keys = sorted({str(change.key) for change in changes})
    found = {str(record[resource.key]): record for record in read_back(errand, resource, resource.key, keys)}
    for change in changes:
        record = found.get(str(change.key))
        if record is None and change.action == "create":
            verdicts.returned.append(change.change_id)
        elif record is None and change.action == ARCHIVE:
            verdicts.ends.append(Outcome(change.change_id, End.CONFIRMED, change.key, "Read back: it is gone."))
        elif record is None:
            message = "Read back: the record is gone from the target."
            verdicts.ends.append(Outcome(change.change_id, End.CONFLICTED, change.key, message))
        elif change.action == "create" or is_equal(resource, record, change.after):
            verdicts.ends.append(Outcome(change.change_id, End.CONFIRMED, change.key, "Read back."))
        elif is_equal(resource, record, change.before):
            verdicts.returned.append(change.change_id)
        else:
            message = "Read back: the target says neither what it said before nor what was sent."
            verdicts.ends.append(Outcome(change.change_id, End.CONFLICTED, change.key, message))


def _judge_creates(errand: Errand, resource: Resource, changes: Sequence[Change], verdicts: _Verdicts) -> None:
    name = resource.writes.find_by if resource.writes is not None else ""
    sought = {str(change.after[name]): change for change in changes if change.after.get(name) is not None}
    found = read_back(errand, resource, name, sorted(sought)) if name else []
    taken: set[str] = set()
    for change in changes:
        if change.after.get(name) is None:
            message = "The answer was lost, and the target offers no way to look the record up."
            verdicts.ends.append(Outcome(change.change_id, End.UNKNOWN, None, message))
            continue
        free = [record for record in found if str(record[resource.key]) not in taken]
        key = _find_created(resource, name, change, free)
        if key is None:
            verdicts.returned.append(change.change_id)
        else:
            taken.add(key)
            verdicts.ends.append(Outcome(change.change_id, End.CONFIRMED, key, "Read back."))


def _find_created(resource: Resource, name: str, change: Change, found: Sequence[Found]) -> str | None:
    """The key of the record this create made.

    A field that refers to another record is shared by siblings, so all fields must agree; a field that holds
    our own id is enough by itself.
    """
    alike = [record for record in found if str(record[name]) == str(change.after[name])]
    equal = [record for record in alike if is_equal(resource, record, change.after)]
    chosen = equal if equal or name.endswith(REFERENCE_ENDING) else alike
    return min((str(record[resource.key]) for record in chosen), default=None)


def is_equal(resource: Resource, record: Found, values: Mapping[str, object]) -> bool:
    """Whether a record says these values; documents do not count, they are read in another form than written."""
    return all(
        record.get(name) == value for name, value in values.items() if resource.field(name).kind is not Kind.JSON
    )


def read_back(errand: Errand, resource: Resource, name: str, values: Sequence[str]) -> list[Found]:
    """The present records with these values, in the contract's types; deleted ones are left out.

    They pass through the landing table for their types, in a transaction that keeps nothing.
    """
    if not values:
        return []
    scratch = Batch(errand.system, resource, derive_id("settle", errand.plan_id, resource.name, *values))
    statement = sql.SQL("select to_jsonb(typed)::text from {} as typed where _batch_id = %s").format(
        typed_view(errand.system, resource)
    )
    with errand.database.transaction(LOADER) as connection:
        pages = resource.read.read_matching(errand.session, resource, name, values)
        land_pages(connection, scratch, pages)
        rows = connection.execute(statement, (scratch.batch_id,)).fetchall()
        connection.rollback()
    names = {item.name for item in resource.fields}
    records = [json.loads(str(row[0]), parse_float=Decimal) for row in rows]
    typed = [as_kinds(resource, {key: item[key] for key in item if key in names}) for item in records]
    return [item for item in typed if not (resource.deleted and item.get(resource.deleted))]
